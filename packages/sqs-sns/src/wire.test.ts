import type { Message } from '@aws-sdk/client-sqs'
import { makeHeaders, type QueueRef, type WireMessage } from '@anybroker/driver'
import { describe, expect, test } from 'vitest'
import { isWaiting, placed } from './place.ts'
import { fromMessage, toCopy, toPacket, type Packet } from './wire.ts'

const QUEUE: QueueRef = { kind: 'queue', name: 'orders', ordering: 'none' }
const KEYED: QueueRef = { ...QUEUE, ordering: 'key' }
const message: WireMessage = {
  id: 'one',
  body: Uint8Array.of(0, 255),
  headers: makeHeaders([['region', 'eu']]),
  sentAt: 1_700_000_000_000,
  contentType: 'application/json',
  correlationId: 'c',
  replyTo: 'r',
  source: 's',
  traceparent: 't',
  key: 'k',
  deliverAt: 5,
  expiresAt: 6,
  carriedAttempts: 2,
}
const system = { ApproximateReceiveCount: '3', SentTimestamp: '1700000000123' }
const received = ({ text, attributes }: Packet, Attributes: Message['Attributes'] = system): Message => ({
  MessageId: 'broker-id',
  ReceiptHandle: 'handle',
  Body: text,
  Attributes,
  MessageAttributes: attributes,
})
const plain = ({ body, headers, ...rest }: WireMessage) => ({ ...rest, body: [...body], headers: { ...headers } })

test('every field comes back, and attempts are what was carried and counted', () => {
  const back = fromMessage(received(toPacket(message)), QUEUE)
  expect(plain(back.message)).toEqual(plain(message))
  expect(back.attempt).toBe(5)
})

test('the facts of a dead letter come back among dead letters alone', () => {
  const dead = { origin: 'orders', reason: 'rejected', error: 'no', attempts: 2, at: 9 } as const
  const packet = toPacket({ ...message, dead })
  expect(fromMessage(received(packet), { kind: 'dead-letters', of: QUEUE }).message.dead).toEqual(dead)
  expect(fromMessage(received(packet), QUEUE).message.dead).toBeUndefined()
})

test('what the redrive policy moved says so', () => {
  const { dead } = fromMessage(received(toPacket(message)), { kind: 'dead-letters', of: QUEUE }).message
  expect(dead).toEqual({ origin: 'orders', reason: 'broker', attempts: 3, at: 1_700_000_000_123 })
})

describe('a foreign message', () => {
  const typed = {
    Number: { DataType: 'Number', StringValue: '5' },
    bytes: { DataType: 'Binary', BinaryValue: Uint8Array.of(1) },
  }
  const foreign: Message = { MessageId: 'broker-id', Body: ' {"a": 1}\n', Attributes: system, MessageAttributes: typed }

  test('has the id and time of the broker, its text and its attributes', () => {
    const back = fromMessage(foreign, QUEUE)
    expect(back.message).toMatchObject({ id: 'broker-id', sentAt: 1_700_000_000_123 })
    expect(Buffer.from(back.message.body).toString()).toBe(' {"a": 1}\n')
    expect({ ...back.message.headers }).toEqual({ Number: '5', bytes: 'AQ==' })
    expect(back.attempt).toBe(3)
  })

  test('keeps an attribute that is called like a field of ours', () => {
    const MessageAttributes = { 'ab-enc': { DataType: 'String', StringValue: 'base64' } }
    const back = fromMessage({ ...foreign, MessageAttributes }, QUEUE).message
    expect({ ...back.headers }).toEqual({ 'ab-enc': 'base64' })
    expect(Buffer.from(back.body).toString()).toBe(' {"a": 1}\n')
  })

  test('has its group as key where keys count', () => {
    const grouped = { ...foreign, Attributes: { ...system, MessageGroupId: 'g' } }
    expect(fromMessage(grouped, KEYED).message.key).toBe('g')
    expect(fromMessage(grouped, QUEUE).message.key).toBeUndefined()
  })

  test('keeps the types of its attributes in a copy, and its id', () => {
    const { message: back } = fromMessage(foreign, QUEUE)
    const copy = toCopy(foreign, { ...back, carriedAttempts: 4 })
    expect(copy.attributes).toMatchObject(typed)
    const again = fromMessage(received(copy, { ApproximateReceiveCount: '1' }), QUEUE)
    expect(plain(again.message)).toEqual(plain({ ...back, carriedAttempts: 4 }))
    expect(again.attempt).toBe(5)
  })

  test('with ten attributes keeps them all, as headers', () => {
    const ten = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [`a${index}`, { DataType: 'String', StringValue: 'x' }]),
    )
    const full = { ...foreign, MessageAttributes: ten }
    const { message: back } = fromMessage(full, QUEUE)
    const copy = toCopy(full, back)
    expect(Object.keys(copy.attributes).length).toBeLessThanOrEqual(10)
    expect(fromMessage(received(copy), QUEUE).message.headers).toEqual(back.headers)
  })
})

describe('the envelope of SNS', () => {
  const envelope = (changes: object = {}) => ({
    Type: 'Notification',
    MessageId: 'm',
    TopicArn: 'arn:aws:sns:eu-west-1:123456789012:t',
    Message: 'hello',
    Timestamp: '2026-01-01T00:00:00.000Z',
    SigningCertURL: 'https://evil.example/cert.pem',
    ...changes,
  })
  const inQueue = (body: unknown): Message => ({ MessageId: 'b', Body: JSON.stringify(body), Attributes: system })
  const bodyOf = (from: Message) => Buffer.from(fromMessage(from, QUEUE).message.body).toString()

  test('is opened, with the attributes in it', () => {
    const MessageAttributes = { region: { Type: 'String', Value: 'eu' }, bytes: { Type: 'Binary', Value: 'AQ==' } }
    const back = fromMessage(inQueue(envelope({ MessageAttributes })), QUEUE).message
    expect(Buffer.from(back.body).toString()).toBe('hello')
    expect({ ...back.headers }).toEqual({ region: 'eu', bytes: 'AQ==' })
  })

  test('brings ours as they were sent', () => {
    const { text, attributes } = toPacket(message)
    const MessageAttributes = Object.fromEntries(
      Object.entries(attributes).map(([name, { DataType, StringValue }]) => [
        name,
        { Type: DataType, Value: StringValue },
      ]),
    )
    const back = fromMessage(inQueue(envelope({ Message: text, MessageAttributes })), QUEUE)
    expect(plain(back.message)).toEqual(plain(message))
  })

  test.each([
    ['another type', envelope({ Type: 'SubscriptionConfirmation' })],
    ['an ARN that is none', envelope({ TopicArn: 'https://evil.example' })],
    ['no message', envelope({ Message: 7 })],
    ['no time', envelope({ Timestamp: undefined })],
    ['a list', [envelope()]],
  ])('with %s is none, and arrives as it is', (_, body) => {
    expect(bodyOf(inQueue(body))).toBe(JSON.stringify(body))
  })
})

describe('where a message goes', () => {
  const runtime = { id: () => `mark${(marks += 1)}`, wallNow: () => 1_000_000 }
  let marks = 0
  const at = (ms: number) => ({ ...message, deliverAt: 1_000_000 + ms })
  const standard = { fifo: false, delays: true, letters: false }
  const fifo = { fifo: true, delays: true, letters: false }

  test.each([
    [-5, undefined],
    [0, undefined],
    [1, 1],
    [1_000, 1],
    [1_001, 2],
    [3_600_000, 900],
  ])('a delay of %d ms: %s s on a standard queue', (ms, delaySeconds) => {
    expect(placed(at(ms), standard, runtime).delaySeconds).toBe(delaySeconds)
  })

  test('on FIFO by its key, with a mark that its retries keep and nothing else has', () => {
    const first = placed(message, fifo, runtime)
    expect(first.group).toBe('k')
    expect(placed(message, fifo, runtime)).toEqual(first)
    expect(placed({ ...message }, fifo, runtime).dedup).not.toBe(first.dedup)
  })

  test('what has no key, waits, or is a letter, has a group of its own', () => {
    const { key: _key, ...keyless } = message
    const groups = [
      placed({ ...keyless }, fifo, runtime),
      placed({ ...keyless }, fifo, runtime),
      placed(at(5_000), fifo, runtime),
      placed({ ...message }, { ...fifo, letters: true }, runtime),
    ].map(({ group }) => group)
    expect(new Set(groups).size).toBe(4)
    expect(groups.map(isWaiting)).toEqual([false, false, true, false])
    expect(placed(at(5_000), { ...fifo, delays: false }, runtime).group).toBe('k')
  })
})
