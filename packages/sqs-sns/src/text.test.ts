import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBody, encodeBody, isText } from './text.ts'

const bytes = (...all: readonly number[]) => Uint8Array.from(all)
const utf8 = (text: string) => new TextEncoder().encode(text)

test.each([
  ['text', utf8('{"half": "grüße 😀", \n\t <&>}'), 'plain'],
  ['a line end of Windows', utf8('a\r\nb'), 'plain'],
  ['a byte order mark', bytes(0xef, 0xbb, 0xbf, 0x7b, 0x7d), 'plain'],
  ['the ends of what XML allows', utf8('\t\n\r \uD7FF\uE000\uFFFD\u{10000}\u{10FFFF}'), 'plain'],
  ['nothing', bytes(), 'empty'],
  ['a zero', bytes(0), 'base64'],
  ['every byte', Uint8Array.from({ length: 256 }, (_, byte) => byte), 'base64'],
  ['no UTF-8', bytes(0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80), 'base64'],
  ['a control character', utf8('a\u0001b'), 'base64'],
  ['what is no character', utf8('a\uFFFEb'), 'base64'],
  ['white space alone', utf8(' \n\t'), 'base64'],
])('%s goes as text that the service takes, and comes back', (_, body, encoding) => {
  const encoded = encodeBody(body)
  expect(encoded.encoding).toBe(encoding)
  expect(isText(encoded.text)).toBe(true)
  expect(encoded.text).not.toBe('')
  expect([...decodeBody(encoded.text, encoded.encoding)]).toEqual([...body])
})

test('any bytes come back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
      const { text, encoding } = encodeBody(body)
      expect(isText(text)).toBe(true)
      expect([...decodeBody(text, encoding)]).toEqual([...body])
    }),
  )
})

test('what says that it is base64 and is not comes as it is', () => {
  expect(Buffer.from(decodeBody('no, not at all', 'base64')).toString()).toBe('no, not at all')
  expect(Buffer.from(decodeBody('plain', 'of a later version')).toString()).toBe('plain')
})
