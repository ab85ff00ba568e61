import fc from 'fast-check'
import { expect, test } from 'vitest'
import { byEntry, inRuns, inTens } from './batches.ts'

test('ten at most, within the bytes, in order, one that is larger alone', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 120 })), (sizes) => {
      const runs = inRuns(sizes, (size) => size, 100)
      expect(runs.flat()).toEqual(sizes)
      for (const run of runs) {
        expect(run.length).toBeGreaterThan(0)
        expect(run.length).toBeLessThanOrEqual(10)
        const bytes = run.reduce((sum, size) => sum + size, 0)
        expect(bytes <= 100 || run.length === 1).toBe(true)
      }
    }),
  )
  expect(inTens(Array.from({ length: 21 }, () => 0)).map((run) => run.length)).toEqual([10, 10, 1])
  expect(inTens([])).toEqual([])
})

test('answers are matched by entry id, in whatever order they come', () => {
  const results = byEntry(4, {
    Successful: [{ Id: '2' }, { Id: '0' }],
    Failed: [{ Id: '1', Code: 'InternalError', SenderFault: false }],
  })
  expect(results.map(({ as }) => as)).toEqual(['done', 'failed', 'done', 'missing'])
  expect(byEntry(1, {})).toEqual([{ as: 'missing' }])
})
