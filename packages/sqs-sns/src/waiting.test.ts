import { NO_HEADERS, type WireMessage } from '@anybroker/driver'
import { expect, test } from 'vitest'
import { entriesOf, scripted, succeed, type Asked } from '../test/scripted.ts'
import { QueueCalls } from './queue-calls.ts'
import type { Taken } from './taken.ts'
import { Waiting } from './waiting.ts'

const URL = 'https://sqs.eu-west-1.amazonaws.com/123456789012/q.fifo'
const NOW = 1_000_000_000

function setUp(answer: (asked: Asked) => unknown = succeed) {
  const service = scripted(answer)
  const waiting = new Waiting(service.session, new QueueCalls(service.session, URL, false))
  const taken = (handle: string, MessageGroupId: string, fields: Partial<WireMessage>): Taken => ({
    from: { Body: 'x', Attributes: { MessageGroupId } },
    handle,
    message: { id: handle, body: Buffer.from('x'), headers: NO_HEADERS, sentAt: 1, ...fields },
    attempt: 1,
    receivedAt: 0,
    leaseUntil: 30_000,
  })
  return { ...service, waiting, taken }
}

test('what is due is handed out; the rest is hidden, moved aside, or moved to the tail of its key', async () => {
  const { waiting, taken, asked } = setUp()
  const { due, aside } = waiting.sort([
    taken('plain', 'k', { key: 'k' }),
    taken('due', 'k', { key: 'k', deliverAt: NOW }),
    taken('early in its key', 'k', { key: 'k', deliverAt: NOW + 5_500 }),
    taken('early aside', 'ab-wait.1', { key: 'k', deliverAt: NOW + 5_500, carriedAttempts: 3 }),
    taken('a day aside', 'ab-wait.2', { key: 'k', deliverAt: NOW + 86_400_000 }),
    taken('due aside', 'ab-wait.3', { key: 'k', deliverAt: NOW - 1, carriedAttempts: 2 }),
    taken('due without a key', 'ab-wait.4', { deliverAt: NOW - 1 }),
  ])
  await aside
  expect(due.map(({ handle }) => handle)).toEqual(['plain', 'due', 'due without a key'])
  expect(entriesOf(asked, 'ChangeMessageVisibilityBatch')).toMatchObject([
    { ReceiptHandle: 'early aside', VisibilityTimeout: 6 },
    { ReceiptHandle: 'a day aside', VisibilityTimeout: 43_140 },
  ])
  const copies = entriesOf(asked, 'SendMessageBatch')
  expect(copies.map((entry) => entry['MessageGroupId'])).toEqual(['ab-wait.id-1', 'k'])
  expect(copies.every((entry) => !('DelaySeconds' in entry))).toBe(true)
  expect(entriesOf(asked, 'DeleteMessageBatch').map((entry) => entry['ReceiptHandle'])).toEqual([
    'early in its key',
    'due aside',
  ])
  expect(asked.at(-1)?.action).toBe('DeleteMessageBatch')
})

test('what could not be copied is not deleted', async () => {
  const { waiting, taken, asked } = setUp(() => ({ Failed: [{ Id: '0', Code: 'InternalError', SenderFault: false }] }))
  const { due, aside } = waiting.sort([taken('due aside', 'ab-wait.1', { key: 'k', deliverAt: NOW - 1 })])
  await aside
  expect(due).toEqual([])
  expect(asked.map(({ action }) => action)).toEqual(['SendMessageBatch'])
})

test('nothing is asked where all is due', async () => {
  const { waiting, taken, asked } = setUp()
  await waiting.sort([taken('plain', 'k', { key: 'k' })]).aside
  expect(asked).toEqual([])
})
