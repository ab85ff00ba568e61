import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { copied, encoded } from './slab.ts'

describe('a slab', () => {
  it('gives every body its own bytes, whatever is cut from it before and after', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 1_500 }), { minLength: 1, maxLength: 40 }), (bodies) => {
        const copies = bodies.map((body) => copied(body))
        const before = bodies.map((body) => [...body])
        for (const body of bodies) body.fill(0xff)
        expect(copies.map((copy) => [...copy])).toEqual(before)
      }),
    )
  })

  it('encodes text as UTF-8, whether or not it fits into what is left', () => {
    const decoder = new TextDecoder()
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 500 }), { minLength: 1, maxLength: 40 }),
        (texts) => {
          expect(texts.map(encoded).map((bytes) => decoder.decode(bytes))).toEqual(texts)
        },
      ),
    )
  })

  it('goes to no other thread with one of its bodies', () => {
    const body = copied(new Uint8Array([1, 2, 3]))
    expect(() => structuredClone(body, { transfer: [body.buffer as ArrayBuffer] })).toThrow('transfer')
    expect([...body]).toEqual([1, 2, 3])
  })
})
