import { expect, test } from 'vitest'
import { Failures } from './failures.ts'

const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' })
const missing = Object.assign(new Error('no'), { name: 'QueueDoesNotExist' })
const denied = Object.assign(new Error('no'), { name: 'AccessDenied' })

test('the rest doubles from a tenth of a second to five, and half of it is chance', () => {
  const failures = new Failures()
  const rests = Array.from({ length: 8 }, () => failures.next(reset, 1))
  expect(rests).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000])
  expect(failures.next(reset, 0)).toBe(2_500)
  failures.over()
  expect(failures.count).toBe(0)
  expect(failures.next(reset, 1)).toBe(100)
  expect(failures.last).toBe(reset)
})

test('a queue must be missing three times in a row', () => {
  const failures = new Failures()
  expect([failures.next(missing, 1), failures.next(missing, 1)]).toEqual([100, 200])
  failures.next(reset, 1)
  failures.next(missing, 1)
  failures.next(missing, 1)
  expect(failures.next(missing, 1)).toBeUndefined()
})

test('what no other poll mends ends it at once', () => {
  expect(new Failures().next(denied, 1)).toBeUndefined()
})
