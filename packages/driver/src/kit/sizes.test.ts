import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { headerBytes, messageBytes, utf8Length } from './sizes.ts'

const encoder = new TextEncoder()

describe('sizes', () => {
  it('counts as the encoder does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(utf8Length(text)).toBe(encoder.encode(text).length)
      }),
    )
  })

  it('counts names and values of headers', () => {
    expect(headerBytes({})).toBe(0)
    expect(headerBytes({ region: 'eu', name: 'grün' })).toBe(6 + 2 + 4 + 5)
  })

  it('counts body, headers, key, and something for an empty message', () => {
    const empty = { id: 'i', body: new Uint8Array(), headers: {}, sentAt: 0 }
    const base = messageBytes(empty)
    expect(base).toBeGreaterThanOrEqual(100)
    expect(messageBytes({ ...empty, body: new Uint8Array(10), headers: { a: '€' }, key: 'kk' })).toBe(base + 10 + 4 + 2)
  })
})
