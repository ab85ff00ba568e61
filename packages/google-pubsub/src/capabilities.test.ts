import { lacking } from '@anybroker/driver'
import { expect, test } from 'vitest'
import { capabilitiesOf } from './capabilities.ts'

const DAY_MS = 86_400_000
const service = capabilitiesOf({ exactlyOnce: false, emulator: undefined })

test('no clause is none that may not be', () => {
  expect(lacking(service)).toEqual([])
})

test('the service keeps queues for 14 days and topics for 7, the emulator 7 at most', () => {
  expect(service.Q2.retentionMs).toBe(14 * DAY_MS)
  expect(service.S2.retentionMs).toBe(14 * DAY_MS)
  expect(service.R1.retentionMs).toBe(7 * DAY_MS)
  expect(capabilitiesOf({ exactlyOnce: false, emulator: 'localhost:1' }).Q2.retentionMs).toBe(7 * DAY_MS)
})

test('an ack is confirmed with exactly-once delivery alone', () => {
  expect(service.D1.evidence).toBe('accepted')
  expect(capabilitiesOf({ exactlyOnce: true, emulator: undefined }).D1.evidence).toBe('confirmed')
})
