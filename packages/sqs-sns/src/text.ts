/** What a service that takes text alone does to a body: nothing, base64, or a sign for what it refuses, the empty one. */
export type Encoding = 'plain' | 'base64' | 'empty'

/** What SQS refuses (its message reference: the characters of XML 1.0), but for lone surrogates, which no decoded text has. */
// oxlint-disable-next-line no-control-regex -- these are what it is about
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/

/** SNS calls a body of nothing but white space empty in some of its checks. */
const NOT_BLANK = /[^\t\n\r ]/

const EMPTY_BODY = '-'
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Whether the service takes a string as it is. */
export function isText(text: string): boolean {
  return text.isWellFormed() && !FORBIDDEN.test(text)
}

/** Bytes as text that the service takes, and comes back by `decodeBody` byte for byte. */
export function encodeBody(body: Uint8Array): { readonly text: string; readonly encoding: Encoding } {
  if (body.byteLength === 0) return { text: EMPTY_BODY, encoding: 'empty' }
  const text = asUtf8(body)
  if (text !== undefined && !FORBIDDEN.test(text) && NOT_BLANK.test(text)) return { text, encoding: 'plain' }
  return { text: toBase64(body), encoding: 'base64' }
}

/** Total: what says that it is base64 and is not comes as it is. */
export function decodeBody(text: string, encoding: string | undefined): Uint8Array {
  if (encoding === 'empty') return new Uint8Array()
  if (encoding === 'base64' && isBase64(text)) return Buffer.from(text, 'base64')
  return Buffer.from(text, 'utf8')
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
}

function asUtf8(body: Uint8Array): string | undefined {
  try {
    return utf8.decode(body)
  } catch {
    // No UTF-8: that is all there is to know.
    return undefined
  }
}
