import { expect, test } from 'vitest'
import { Assigned, type Receipt } from './assigned.ts'
import type { LogRecord } from './client/port.ts'
import { Ledger } from './ledger.ts'
import { dueHeader } from './wire.ts'

const record = (offset: number, dueAt = 0, bytes = 0): LogRecord => ({
  offset,
  key: null,
  value: Buffer.alloc(bytes),
  headers: dueAt === 0 ? {} : dueHeader(dueAt),
  timestamp: 0,
})
const records = (from: number, to: number, bytes = 0) =>
  Array.from({ length: to - from }, (_, index) => record(from + index, 0, bytes))
const fresh = () => new Assigned('t', 0, new Ledger(0), 20)
function handOut(assigned: Assigned): number | undefined {
  const held = assigned.take()
  if (held === undefined) return undefined
  const receipt: Receipt = { assigned, held, state: 'out', started: false }
  assigned.inHand.set(held.record.offset, receipt)
  return held.record.offset
}

test('what was fetched goes out in order, and what is given back in its place', () => {
  const assigned = fresh()
  assigned.accept(records(0, 5), 5, 5)
  expect(assigned.caughtUp).toBe(true)
  const first = assigned.take()
  const second = assigned.take()
  if (first === undefined || second === undefined) throw new Error('nothing')
  assigned.putBack([second, first])
  expect([handOut(assigned), handOut(assigned), handOut(assigned)]).toEqual([0, 1, 2])
  expect(assigned.waiting).toBe(2)
})

test('what is not due waits, without holding up what comes behind it', () => {
  const assigned = fresh()
  assigned.accept([record(0, 500), record(1), record(2, 300)], 3, 3)
  expect(handOut(assigned)).toBe(1)
  expect(handOut(assigned)).toBeUndefined()
  expect(assigned.nextDueAt).toBe(300)
  assigned.wake(299)
  expect(handOut(assigned)).toBeUndefined()
  assigned.wake(300)
  expect(handOut(assigned)).toBe(2)
  assigned.wake(1_000)
  expect(handOut(assigned)).toBe(0)
  expect(assigned.nextDueAt).toBe(Infinity)
})

test('in an ordered source a key waits with its first message, and others pass', () => {
  const keyed = (offset: number, key: string, dueAt = 0) => ({ ...record(offset, dueAt), key: Buffer.from(key) })
  const assigned = new Assigned('t', 0, new Ledger(0), 20, true)
  assigned.accept([keyed(0, 'a', 500), keyed(1, 'a'), keyed(2, 'b'), keyed(3, 'a')], 4, 4)
  expect([handOut(assigned), handOut(assigned)]).toEqual([2, undefined])
  assigned.wake(500)
  expect([handOut(assigned), handOut(assigned), handOut(assigned)]).toEqual([0, 1, 3])
})

test('a key that begins to wait takes along what waits behind it', () => {
  const keyed = (offset: number, key: string) => ({ ...record(offset), key: Buffer.from(key) })
  const assigned = new Assigned('t', 0, new Ledger(0), 20, true)
  assigned.accept([keyed(0, 'a'), keyed(1, 'a'), keyed(2, 'b')], 3, 3)
  const first = assigned.take()
  if (first === undefined) throw new Error('nothing')
  assigned.putBack([{ ...first, dueAt: 900 }])
  expect([handOut(assigned), handOut(assigned)]).toEqual([2, undefined])
  assigned.wake(900)
  expect([handOut(assigned), handOut(assigned)]).toEqual([0, 1])
})

test('bytes and records bound what is fetched', () => {
  const heavy = fresh()
  heavy.accept(records(0, 3, 100 * 1024), 3, 9)
  expect(heavy.wantsMore).toBe(false)
  handOut(heavy)
  expect(heavy.wantsMore).toBe(true)
  const many = fresh()
  many.accept(records(0, 1_000), 1_000, 5_000)
  expect([many.wantsMore, many.caughtUp]).toEqual([false, false])
})

test('while the note is full only what stands in it goes out, or the first where nothing is in hand', () => {
  const assigned = fresh()
  assigned.accept(records(0, 4), 4, 4)
  assigned.full = true
  expect(handOut(assigned)).toBe(0)
  expect(handOut(assigned)).toBeUndefined()
  assigned.ledger.note(1, 2, 0)
  expect(handOut(assigned)).toBe(1)
  expect(handOut(assigned)).toBeUndefined()
})

test('a purge drops what waits and leaves what is in hand', () => {
  const assigned = fresh()
  assigned.accept([...records(0, 3), record(3, 900)], 4, 4)
  expect(handOut(assigned)).toBe(0)
  expect(assigned.dropBefore(10)).toBe(3)
  expect(handOut(assigned)).toBeUndefined()
  expect([assigned.position, assigned.ledger.watermark]).toEqual([10, 0])
  assigned.ledger.finish(0)
  expect(assigned.ledger.watermark).toBe(10)
})

test('what is not wanted is finished unseen', () => {
  const assigned = fresh()
  assigned.accept(records(0, 4), 4, 4, ({ offset }) => offset === 2)
  expect(handOut(assigned)).toBe(2)
  expect(assigned.ledger.watermark).toBe(2)
})

test('over a log that was made anew it begins anew', () => {
  const assigned = new Assigned('t', 0, new Ledger(1_000), 20)
  assigned.accept(records(1_000, 1_003), 1_003, 1_003)
  handOut(assigned)
  assigned.startOver(0)
  assigned.inHand.clear()
  expect([assigned.position, assigned.waiting, assigned.ledger.watermark]).toEqual([0, 0, 0])
  assigned.accept(records(0, 2), 2, 2)
  expect([handOut(assigned), handOut(assigned)]).toEqual([0, 1])
})
