import { expect, test } from 'vitest'
import { deal, type Sharer } from './deal.ts'

function sharer(there: number, most: number): Sharer<number> & { readonly got: number[] } {
  const got: number[] = []
  return { got, load: (more) => (there + more) / most, add: (share) => void got.push(...share) }
}

test('each gets as much as it has room for, in order', () => {
  const idle = sharer(0, 10)
  const busy = sharer(8, 10)
  deal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [idle, busy])
  expect(idle.got).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(busy.got).toEqual([10])
})

test('a single one gets all, and one that gets nothing is not told', () => {
  const one = sharer(100, 10)
  deal([1, 2], [one])
  expect(one.got).toEqual([1, 2])
  const never: Sharer<number> = {
    load: () => 99,
    add: () => {
      throw new Error('told')
    },
  }
  deal([1], [sharer(0, 1), never])
})
