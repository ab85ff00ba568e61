import { shown } from '@anybroker/driver'
import type { Codec } from './codec.ts'
import { copied, encoded } from './slab.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Strings as UTF-8. Refuses lone surrogates, and bytes that are not UTF-8. */
export const text: Codec<unknown> = {
  name: 'text',
  contentType: 'text/plain; charset=utf-8',
  encode: (value) => {
    if (typeof value !== 'string') throw new TypeError(`the text codec takes a string; got ${shown(value)}`)
    if (!value.isWellFormed())
      throw new TypeError('the text codec takes well-formed Unicode; there is a lone surrogate')
    return encoded(value)
  },
  decode: (bytes) => decoder.decode(bytes),
}

/** Bytes as they are. Copied on the way in, because the caller may write to them again. */
export const bytes: Codec<unknown> = {
  name: 'bytes',
  contentType: 'application/octet-stream',
  encode: (value) => {
    if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return copied(new Uint8Array(value))
    if (ArrayBuffer.isView(value)) return copied(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
    throw new TypeError(`the bytes codec takes a Uint8Array, another view or an ArrayBuffer; got ${shown(value)}`)
  },
  decode: (body) => body,
}
