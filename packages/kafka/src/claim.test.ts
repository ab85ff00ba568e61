import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeClaim, encodeClaim } from './claim.ts'

test('a claim comes back as it was', () => {
  const owned = new Map([
    ['a.q.x', [0, 2]],
    ['a.q.x.retry', []],
  ])
  expect(decodeClaim(encodeClaim(owned))).toEqual(owned)
})

test('nonsense claims nothing', () => {
  for (const text of ['', 'null', '7', '{', '{"a":7}', '{"a":["x",1.5,null]}'])
    expect([...decodeClaim(Buffer.from(text)).values()].flat()).toEqual([])
  fc.assert(fc.property(fc.uint8Array(), (bytes) => decodeClaim(Buffer.from(bytes)) instanceof Map))
})
