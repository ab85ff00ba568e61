import { makeHeaders, type WireMessage } from '@anybroker/driver'
import { expect, test } from 'vitest'
import type { LogRecord, NewRecord } from './client/port.ts'
import { copyRecord, dueAtOf, dueHeader, fromRecord, INBOX_HEADER, inboxOf, toRecord } from './wire.ts'

const QUEUE = { kind: 'queue', name: 'orders', ordering: 'none' } as const
const DEAD = { kind: 'dead-letters', of: QUEUE } as const

/** As a broker would give back what was produced. */
function stored({ key, value, headers, timestamp }: NewRecord, offset = 7): LogRecord {
  const bytes = (one: string | Buffer) => (typeof one === 'string' ? Buffer.from(one) : one)
  return {
    offset,
    key: key === null ? null : bytes(key),
    value,
    timestamp,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, one]) => [name, Array.isArray(one) ? one.map(bytes) : bytes(one as string)]),
    ),
  }
}

const MESSAGE: WireMessage = {
  id: 'm-1',
  body: Uint8Array.of(0, 255, 1),
  headers: makeHeaders([
    ['region', 'eu'],
    ['empty', ''],
    ['many', 'ä€𝄞'],
  ]),
  sentAt: 1_700_000_000_123,
  contentType: 'application/json',
  key: 'customer-7',
  correlationId: 'c-1',
  replyTo: 'inbox',
  source: 'shop',
  traceparent: '00-1-2-01',
  deliverAt: 1_700_000_001_000,
  expiresAt: 1_700_000_009_000,
  dedupId: 'd-1',
  carriedAttempts: 2,
}

test('a message comes back as it was', () => {
  const back = fromRecord(stored(toRecord(MESSAGE, 5, dueHeader(9))), QUEUE, 'k0-7')
  expect({ ...back, body: [...back.body] }).toEqual({ ...MESSAGE, body: [...MESSAGE.body] })
})

test('the facts of a death are told of dead letters alone', () => {
  const dead = { origin: 'orders', reason: 'rejected', error: 'no', attempts: 3, at: 17 } as const
  const record = stored(toRecord({ ...MESSAGE, dead }, 5))
  expect(fromRecord(record, DEAD, '').dead).toEqual(dead)
  expect(fromRecord(record, QUEUE, '')).not.toHaveProperty('dead')
})

test('a copy keeps what came, with its attempts and its time', () => {
  const from = stored({
    ...toRecord(MESSAGE, 5, dueHeader(9)),
    headers: { ...toRecord(MESSAGE, 5).headers, twice: ['a', 'b'] },
  })
  const copy = stored(copyRecord(from, 'm-1', 4, 1_800_000_000_000, 6))
  expect(dueAtOf(copy)).toBe(1_800_000_000_000)
  expect(copy.headers['twice']).toHaveLength(2)
  expect(fromRecord(copy, QUEUE, '')).toMatchObject({ id: 'm-1', carriedAttempts: 4, key: 'customer-7' })
  expect(dueAtOf(stored(copyRecord(copy, 'm-1', 4, 0, 6)))).toBe(0)
})

test('a foreign message loses nothing', () => {
  const record: LogRecord = {
    offset: 7,
    key: Buffer.of(0xff, 0xfe),
    value: null,
    timestamp: 1_700_000_000_000,
    headers: {
      text: 'plain',
      bytes: Buffer.of(0xff, 0xfe),
      nothing: null,
      twice: [Buffer.from('a'), Buffer.from('b')],
      'ab-deliver-at': Buffer.from('soon'),
      'ab-due': Buffer.from('soon'),
      constructor: Buffer.from('own'),
    },
  }
  const message = fromRecord(record, QUEUE, 'k3-7')
  expect(message).toMatchObject({ id: 'k3-7', sentAt: 1_700_000_000_000 })
  expect([...message.body]).toEqual([])
  expect({ ...message.headers }).toEqual({
    text: 'plain',
    bytes: Buffer.of(0xff, 0xfe).toString('base64'),
    nothing: '',
    twice: 'b',
    constructor: 'own',
  })
  expect(message.deliverAt).toBeUndefined()
  expect(dueAtOf(record)).toBe(0)
})

test('a reply carries its inbox, and nobody sees that', () => {
  const record = stored(toRecord(MESSAGE, 5, { [INBOX_HEADER]: 'mine' }))
  expect(inboxOf(record)).toBe('mine')
  expect(fromRecord(record, { kind: 'inbox' }, '').headers).not.toHaveProperty(INBOX_HEADER)
  expect(inboxOf(stored(toRecord(MESSAGE, 5)))).toBe('')
})

test('a small body does not hold on to what was fetched with it', () => {
  const large = Buffer.alloc(1_000_000)
  const record = { ...stored(toRecord(MESSAGE, 5)), value: large.subarray(10, 20) }
  expect(fromRecord(record, QUEUE, '').body.buffer.byteLength).toBe(10)
})
