import { makeHeaders, NO_HEADERS, type QueueRef, type WireMessage } from '@anybroker/driver'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DUE, fromReceived, INBOX, refusal, toPacket, toTimestamp } from './wire.ts'

const queue: QueueRef = { kind: 'queue', name: 'orders', ordering: 'none' }
const ordered: QueueRef = { ...queue, ordering: 'key' }
const plain: WireMessage = { id: 'm1', body: Buffer.from('x'), headers: NO_HEADERS, sentAt: 1_000 }

test('every field and every header comes back', () => {
  const message: WireMessage = {
    ...plain,
    headers: makeHeaders([
      ['region', 'eu'],
      ['empty', ''],
    ]),
    contentType: 'text/plain',
    key: 'k 1',
    correlationId: 'c',
    replyTo: 'ab.r.1',
    source: 's',
    traceparent: 't',
    deliverAt: 5,
    expiresAt: 6,
    dedupId: 'd',
    carriedAttempts: 3,
  }
  const opened = fromReceived({ message: toPacket(message), deliveryAttempt: 2 }, queue)
  expect(opened.message).toEqual(message)
  expect(opened.attempt).toBe(5)
})

test('any body and any well-formed header value', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string({ unit: 'grapheme', maxLength: 100 }), (body, value) => {
      const message = { ...plain, body, headers: makeHeaders([['h', value]]) }
      const opened = fromReceived({ message: toPacket(message) }, queue)
      expect(Buffer.from(opened.message.body).equals(body)).toBe(true)
      expect(opened.message.headers['h']).toBe(value)
    }),
  )
})

test('the key is the ordering key where there is order, and where something waits it is not', () => {
  expect(toPacket({ ...plain, key: 'k' }, { ordered: true }).orderingKey).toBe('k')
  expect(toPacket({ ...plain, key: 'k' }).orderingKey).toBeUndefined()
  expect(toPacket(plain, { ordered: true }).orderingKey).toBeUndefined()
})

test('a foreign message keeps all it has', () => {
  const from = {
    messageId: '77',
    data: Buffer.from('hello'),
    attributes: { googclient_x: '1', 'ab-whatever': '2', 'X-Y': '3' },
    orderingKey: 'far',
    publishTime: { seconds: 12, nanos: 345_000_000 },
  }
  const { message, attempt, publishedAt, due, inbox } = fromReceived({ message: from }, ordered)
  expect(message).toMatchObject({ id: '77', sentAt: 12_345, key: 'far' })
  expect({ ...message.headers }).toEqual(from.attributes)
  expect({ attempt, publishedAt, due, inbox }).toEqual({
    attempt: 1,
    publishedAt: 12_345,
    due: undefined,
    inbox: undefined,
  })
  expect(fromReceived({ message: from }, queue).message.key).toBeUndefined()
})

test('what is ours on the way is no header', () => {
  const packet = toPacket(plain, { extra: { [DUE]: '99', [INBOX]: 'ab.r.1' } })
  const { message, due, inbox } = fromReceived({ message: packet }, queue)
  expect({ due, inbox, headers: Object.keys(message.headers) }).toEqual({ due: 99, inbox: 'ab.r.1', headers: [] })
})

test('what the service moved to the dead letters has its reason', () => {
  const attributes = { CloudPubSubDeadLetterSourceDeliveryCount: '100' }
  const { message } = fromReceived({ message: { attributes } }, { kind: 'dead-letters', of: queue })
  expect(message.dead).toEqual({ origin: 'orders', reason: 'broker', attempts: 100, at: 0 })
})

test.each([
  [{ body: Buffer.alloc(10_000_000) }, 'MESSAGE_TOO_LARGE'],
  [{ headers: makeHeaders([['h', 'x'.repeat(1_025)]]) }, 'INVALID_MESSAGE'],
  [{ headers: makeHeaders([['h'.repeat(257), 'x']]) }, 'INVALID_MESSAGE'],
  [{ headers: makeHeaders([['google', 'x']]) }, 'INVALID_MESSAGE'],
  [{ headers: makeHeaders(Array.from({ length: 100 }, (_, index) => [`h${index}`, 'x'] as const)) }, 'INVALID_MESSAGE'],
])('what the service would refuse is refused before it is sent', (changes, code) => {
  expect(refusal(toPacket({ ...plain, ...changes }))).toMatchObject({ code })
})

test('what the service takes is taken', () => {
  expect(refusal(toPacket({ ...plain, headers: makeHeaders([['h', 'x'.repeat(1_024)]]) }))).toBeUndefined()
})

test('times are seconds and nanoseconds', () => {
  expect(toTimestamp(12_345)).toEqual({ seconds: 12, nanos: 345_000_000 })
})
