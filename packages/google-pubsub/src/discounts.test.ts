import { expect, test } from 'vitest'
import { Discounts } from './discounts.ts'

test('remembers by subscription and message, and forgets what is 0', () => {
  const discounts = new Discounts()
  discounts.set('a', '1', 2)
  expect([discounts.of('a', '1'), discounts.of('b', '1'), discounts.of('a', '2')]).toEqual([2, 0, 0])
  discounts.set('a', '1', 0)
  expect(discounts.of('a', '1')).toBe(0)
})

test('is bounded: the oldest goes', () => {
  const discounts = new Discounts()
  for (let id = 0; id <= 20_000; id += 1) discounts.set('a', String(id), 1)
  expect([discounts.of('a', '0'), discounts.of('a', '1'), discounts.of('a', '20000')]).toEqual([0, 1, 1])
})
