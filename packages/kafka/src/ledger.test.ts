import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeNote, NOTE_MAX } from './commit-note.ts'
import { Ledger } from './ledger.ts'

const records = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ offset: from + index }))
const reopened = (ledger: Ledger, clean = false) => {
  const { offset, note } = ledger.snapshot(clean)
  return new Ledger(offset, decodeNote(offset, note))
}

test('the commit is the contiguous finished prefix', () => {
  const ledger = new Ledger(10)
  expect(ledger.fetched(records(10, 15), 15)).toHaveLength(5)
  expect(ledger.watermark).toBe(10)
  ledger.finish(11)
  ledger.finish(13)
  expect(ledger.watermark).toBe(10)
  ledger.finish(10)
  expect(ledger.watermark).toBe(12)
  ledger.finish(12)
  ledger.finish(14)
  expect(ledger.watermark).toBe(15)
})

test('gaps in the log count as finished, also behind the last record', () => {
  const ledger = new Ledger(0)
  ledger.fetched([{ offset: 3 }, { offset: 9 }], 12)
  expect(ledger.watermark).toBe(3)
  ledger.finish(3)
  expect(ledger.watermark).toBe(9)
  ledger.finish(9)
  expect(ledger.watermark).toBe(12)
})

test('the next owner hands out exactly what is not finished, with its attempts', () => {
  const ledger = new Ledger(0)
  ledger.fetched(records(0, 10), 10)
  for (const offset of [1, 2, 5, 9]) ledger.finish(offset)
  ledger.note(0, 3, 1_700_000_000_000)
  ledger.note(4, 1, 0)
  const next = reopened(ledger)
  expect(next.clean).toBe(false)
  expect(next.fetched(records(0, 12), 12).map(({ offset }) => offset)).toEqual([0, 3, 4, 6, 7, 8, 10, 11])
  expect(next.noted(0)).toEqual({ attempts: 3, dueAt: 1_700_000_000_000 })
  expect(next.noted(4)).toEqual({ attempts: 1, dueAt: 0 })
  expect(reopened(ledger, true).clean).toBe(true)
})

test('what an earlier owner finished is not forgotten before it was fetched again', () => {
  const ledger = new Ledger(0)
  ledger.fetched(records(0, 100), 100)
  for (let offset = 1; offset < 100; offset++) if (offset !== 50) ledger.finish(offset)
  const next = reopened(ledger)
  next.fetched(records(0, 10), 10)
  const third = reopened(next)
  expect(third.fetched(records(0, 110), 110).map(({ offset }) => offset)).toEqual([
    0, 50, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109,
  ])
})

test('a batch that begins before the position brings nothing twice', () => {
  const ledger = new Ledger(5)
  expect(ledger.fetched(records(0, 8), 8).map(({ offset }) => offset)).toEqual([5, 6, 7])
  expect(ledger.fetched(records(5, 10), 10).map(({ offset }) => offset)).toEqual([8, 9])
})

test('a note that grows too long stops the partition, and closing the hole lets it go on', () => {
  const ledger = new Ledger(0)
  ledger.fetched(records(0, 20_000), 20_000)
  let offset = 1
  while (!ledger.snapshot(false).full) {
    for (let many = 0; many < 50; many++, offset += 2) ledger.finish(offset)
  }
  expect(offset).toBeGreaterThan(1_000)
  const { note } = ledger.snapshot(false)
  expect(note.length).toBeLessThanOrEqual(NOTE_MAX)
  for (let even = 0; even < offset; even += 2) ledger.finish(even)
  expect(ledger.snapshot(false).full).toBe(false)
  expect(ledger.watermark).toBeGreaterThan(offset - 2)
})

test('a snapshot says which of the finished it has no room for', () => {
  const ledger = new Ledger(0)
  ledger.fetched(records(0, 10_000), 10_000)
  for (let odd = 1; odd < 10_000; odd += 2) ledger.finish(odd)
  const { holds, offset } = ledger.snapshot(false)
  expect(offset).toBe(0)
  expect(holds(1)).toBe(true)
  expect(holds(9_999)).toBe(false)
})

test('skipping drops what waits and keeps what is in hand', () => {
  const ledger = new Ledger(0)
  ledger.fetched(records(0, 5), 5)
  ledger.note(2, 1, 0)
  ledger.skipTo(20, (offset) => offset === 2)
  expect(ledger.watermark).toBe(2)
  ledger.finish(2)
  expect(ledger.watermark).toBe(20)
})

test('whatever is finished in whatever order, over any number of owners, nothing is lost and nothing finished comes again', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(fc.integer({ min: 0, max: 59 }), fc.constant('crash' as const), fc.constant('fetch' as const)),
        {
          maxLength: 120,
        },
      ),
      (steps) => {
        let ledger = new Ledger(0)
        let fetchedTo = 0
        const finished = new Set<number>()
        const inHand = new Set<number>()
        for (const step of steps) {
          if (step === 'crash') {
            ledger = reopened(ledger)
            fetchedTo = ledger.from
            inHand.clear()
          } else if (step === 'fetch') {
            const to = Math.min(60, fetchedTo + 7)
            for (const { offset } of ledger.fetched(records(fetchedTo, to), to)) {
              expect(finished.has(offset)).toBe(false)
              inHand.add(offset)
            }
            fetchedTo = to
          } else if (inHand.delete(step)) {
            ledger.finish(step)
            finished.add(step)
          }
          for (let offset = 0; offset < ledger.watermark; offset++) expect(finished.has(offset)).toBe(true)
        }
        ledger = reopened(ledger)
        const rest = ledger.fetched(records(ledger.from, 60), 60).map(({ offset }) => offset)
        const expected = Array.from({ length: 60 }, (_, offset) => offset).filter((offset) => !finished.has(offset))
        expect(rest).toEqual(expected)
      },
    ),
  )
})
