import type { ConnectionState } from '@anybroker/driver'
import { expect, test } from 'vitest'
import { Outage } from './outage.ts'

const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' })
const throttled = Object.assign(new Error('slow'), { name: 'RequestThrottled', $metadata: { httpStatusCode: 400 } })

function setUp() {
  let now = 0
  const told: ConnectionState[] = []
  const outage = new Outage({ now: () => now })
  outage.onState((state) => told.push(state))
  return { outage, told, at: (ms: number) => void (now = ms) }
}

test('a broken socket is no outage, five seconds of nothing else are one, told once', () => {
  const { outage, told, at } = setUp()
  outage.failed(reset)
  at(4_999)
  outage.failed(reset)
  expect(told).toEqual([])
  at(5_000)
  outage.failed(reset)
  outage.failed(reset)
  expect(told).toEqual([{ as: 'blocked', reason: expect.stringContaining('does not answer') as string }])
  outage.answered()
  outage.answered()
  expect(told.slice(1)).toEqual([{ as: 'unblocked' }])
})

test('what was given up says nothing', () => {
  const { outage, told, at } = setUp()
  outage.failed(reset)
  at(5_000)
  outage.failed(Object.assign(new Error('aborted'), { name: 'AbortError' }))
  expect(told).toEqual([])
  outage.failed(reset)
  expect(told).toHaveLength(1)
})

test('any answer ends it, also one that refuses', () => {
  const { outage, told, at } = setUp()
  for (const answer of [() => outage.answered(), () => outage.failed(throttled)]) {
    outage.failed(reset)
    at(4_000)
    answer()
    at(9_000)
    outage.failed(reset)
    expect(told).toEqual([])
    outage.answered()
  }
})
