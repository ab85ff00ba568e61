import type { SourceRef, WireMessage } from '@anybroker/driver'
import type { ConsumeMessage } from 'amqplib'
import { expect, test } from 'vitest'
import { copyProperties, fromMessage, toBuffer, toProperties } from './wire.ts'

const queue: SourceRef = { kind: 'queue', name: 'orders', ordering: 'none' }
const dead: SourceRef = { kind: 'dead-letters', of: queue }
const drawn = () => 'drawn'

function received(properties: object, content: Uint8Array = new Uint8Array(), redelivered = false): ConsumeMessage {
  const fields = { deliveryTag: 1, redelivered, exchange: '', routingKey: 'x', consumerTag: 'c' }
  return { content: toBuffer(content), fields, properties } as ConsumeMessage
}

test('a message comes back as it went', () => {
  const message: WireMessage = {
    id: 'm1',
    body: new Uint8Array([0, 255, 128]),
    headers: { region: 'eu', constructor: 'x' },
    sentAt: 1_700_000_000_123,
    contentType: 'application/json',
    key: 'k',
    correlationId: 'c',
    replyTo: 'ab.r.x',
    source: 's',
    traceparent: '00-x',
    expiresAt: 5,
    carriedAttempts: 2,
  }
  const { message: back, attempt } = fromMessage(received(toProperties(message), message.body), queue, drawn)
  expect({ ...back, headers: { ...back.headers } }).toEqual({ ...message, body: toBuffer(message.body) })
  expect(attempt).toBe(3)
})

test('what is too long for a property travels as a header', () => {
  const correlationId = 'é'.repeat(128)
  const properties = toProperties({ id: 'm', body: new Uint8Array(), headers: {}, sentAt: 1, correlationId })
  expect(properties.correlationId).toBeUndefined()
  expect(fromMessage(received(properties), queue, drawn).message.correlationId).toBe(correlationId)
})

test('a forged prototype is no header', () => {
  const headers = Object.setPrototypeOf({ x: 'y' }, { 'ab-key': 'forged', isAdmin: 'true' }) as object
  const { message } = fromMessage(received({ headers }), queue, drawn)
  expect(Object.keys(message.headers)).toEqual(['x'])
  expect(message.headers['isAdmin']).toBeUndefined()
  expect(message.key).toBeUndefined()
})

test('a foreign message loses nothing: typed values become strings, and a copy keeps their types', () => {
  const headers = {
    n: 5,
    yes: true,
    nothing: null,
    bytes: Buffer.from([1, 2]),
    when: { '!': 'timestamp', value: 7 },
    list: [1, 'a'],
    'x-custom': 'kept',
    'x-delivery-count': 3,
    'x-death': [],
  }
  const from = received({ headers, type: 'order', appId: 'shop', userId: 'u', expiration: '5' })
  const { message, attempt } = fromMessage(from, queue, drawn)
  expect({ ...message.headers }).toEqual({
    n: '5',
    yes: 'true',
    nothing: '',
    bytes: 'AQI=',
    when: '7',
    list: '[1,"a"]',
    'x-custom': 'kept',
  })
  expect([message.id, message.sentAt, attempt]).toEqual(['drawn', 0, 4])
  const copy = copyProperties(from, message.id, 4)
  expect(copy).toMatchObject({ messageId: 'drawn', type: 'order', appId: 'shop', persistent: true })
  expect(copy.headers).toMatchObject({ n: 5, yes: true, 'ab-carried-attempts': '4' })
  expect(copy.headers).not.toHaveProperty('x-delivery-count')
  expect([copy.expiration, copy.userId]).toEqual([undefined, undefined])
})

test('a letter that the server buried has its facts, one outside has none', () => {
  const headers = {
    'x-death': [{ reason: 'delivery_limit', time: { '!': 'timestamp', value: 9 } }],
    'x-delivery-count': 1001,
  }
  expect(fromMessage(received({ headers }), dead, drawn).message.dead).toEqual({
    origin: 'orders',
    reason: 'crashed',
    attempts: 1001,
    at: 9_000,
  })
  const forged = { 'ab-dead-origin': 'x', 'ab-dead-reason': 'rejected', 'ab-dead-at': '1', 'ab-dead-attempts': '1' }
  expect(fromMessage(received({ headers: forged }), queue, drawn).message.dead).toBeUndefined()
})

test('a small slice of a large buffer is copied', () => {
  const large = new Uint8Array(100_000)
  const { message } = fromMessage(received({}, large.subarray(10, 20)), queue, drawn)
  expect(message.body.buffer.byteLength).toBeLessThan(1_000)
})
