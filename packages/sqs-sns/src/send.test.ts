import { NO_HEADERS, type QueueRef, type Ref, type TopicRef, type WireMessage } from '@anybroker/driver'
import { expect, test } from 'vitest'
import { entriesOf, scripted, succeed, type Asked } from '../test/scripted.ts'
import { describeError } from './errors.ts'
import { SqsSnsSender } from './send.ts'

const signal = new AbortController().signal
const QUEUE: QueueRef = { kind: 'queue', name: 'orders', ordering: 'none' }
const TOPIC: TopicRef = { kind: 'topic', name: 'news', ordering: 'none' }
const QueueUrl = 'https://sqs.eu-west-1.amazonaws.com/123456789012/ab_-q_-orders'

const message = (id: string, bytes = 1): WireMessage => ({
  id,
  body: Buffer.alloc(bytes, 'x'),
  headers: NO_HEADERS,
  sentAt: 1,
})
const refusal = (name: string) => Object.assign(new Error(name), { name, $metadata: { httpStatusCode: 400 } })

async function setUp(answer: (asked: Asked) => unknown = succeed, target: Ref = QUEUE) {
  const service = scripted((asked) => (asked.action === 'GetQueueUrl' ? { QueueUrl } : answer(asked)))
  const sender = await SqsSnsSender.open(service.session, target, signal)
  service.asked.length = 0
  return { ...service, sender }
}

test('each message has an answer of its own, whatever order they come in', async () => {
  const { sender } = await setUp(() => ({
    Successful: [
      { Id: '3', MessageId: 'm3' },
      { Id: '0', MessageId: 'm0' },
    ],
    Failed: [
      { Id: '1', Code: 'InvalidMessageContents', SenderFault: true },
      { Id: '2', Code: 'InternalError', SenderFault: false },
    ],
  }))
  const outcomes = await sender.send(
    ['a', 'b', 'c', 'd', 'e'].map((id) => message(id)),
    signal,
  )
  expect(outcomes.map(({ as }) => as)).toEqual(['confirmed', 'refused', 'unknown', 'confirmed', 'unknown'])
  expect([outcomes[0], outcomes[3]]).toMatchObject([{ evidence: 'm0' }, { evidence: 'm3' }])
})

test.each([
  [refusal('RequestThrottled'), 'refused', true],
  [refusal('AccessDenied'), 'refused', false],
  [
    Object.assign(new Error('down'), { name: 'ServiceUnavailable', $metadata: { httpStatusCode: 503 } }),
    'unknown',
    true,
  ],
  [Object.assign(new Error('reset'), { code: 'ECONNRESET' }), 'unknown', true],
])('%s: %s for all', async (error, as, retryable) => {
  const { sender } = await setUp(() => {
    throw error
  })
  const outcomes = await sender.send([message('a'), message('b')], signal)
  expect(outcomes).toEqual([
    { as, error },
    { as, error },
  ])
  expect(describeError(error).retryable).toBe(retryable)
})

test('what is too large never leaves; the rest goes in requests within the limit', async () => {
  const { sender, asked } = await setUp()
  const sizes = [400, 400, 400, 1_100, 1].map((kib, index) => message(`${index}`, kib * 1024))
  const outcomes = await sender.send(sizes, signal)
  expect(outcomes.map(({ as }) => as)).toEqual(['confirmed', 'confirmed', 'confirmed', 'refused', 'confirmed'])
  expect(outcomes[3]).toMatchObject({ error: { code: 'MESSAGE_TOO_LARGE', facts: { limit: 1_048_576 } } })
  expect(asked.map(({ input }) => (input['Entries'] as unknown[]).length)).toEqual([2, 2])
})

test('where batches are smaller than ours, it is halved until it is taken', async () => {
  const { sender, asked } = await setUp((one) => {
    if (entriesOf([one], 'SendMessageBatch').length > 2) throw refusal('BatchRequestTooLong')
    return succeed(one)
  })
  const all = Array.from({ length: 5 }, (_, index) => message(`${index}`))
  const outcomes = await sender.send(all, signal)
  expect(outcomes.map(({ as }) => as)).toEqual(all.map(() => 'confirmed'))
  expect(asked.map(({ input }) => (input['Entries'] as unknown[]).length)).toEqual([5, 3, 2, 2, 1])
})

test('a topic is published to by its ARN, in batches of its own size', async () => {
  const { sender, asked } = await setUp(({ input }) => {
    const { PublishBatchRequestEntries: entries = [] } = input as {
      readonly PublishBatchRequestEntries?: readonly { readonly Id: string }[]
    }
    return { Successful: entries.map(({ Id }) => ({ Id })) }
  }, TOPIC)
  const outcomes = await sender.send([message('a', 150 * 1024), message('b', 150 * 1024)], signal)
  expect(outcomes.map(({ as }) => as)).toEqual(['confirmed', 'confirmed'])
  expect(asked).toMatchObject([
    { action: 'PublishBatch', input: { TopicArn: 'arn:aws:sns:eu-west-1:123456789012:ab_-t_-news' } },
    { action: 'PublishBatch' },
  ])
})

test('an inbox that is none of the namespace is never looked for', async () => {
  const { session, asked } = scripted()
  const opening = SqsSnsSender.open(session, { kind: 'inbox', address: 'somebody-elses-queue' }, signal)
  await expect(opening).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(asked).toEqual([])
})

test('an abort rejects with its reason', async () => {
  const reason = new Error('enough')
  const abort = new AbortController()
  const { sender } = await setUp(() => {
    abort.abort(reason)
    throw new Error('AbortError')
  })
  await expect(sender.send([message('a')], abort.signal)).rejects.toBe(reason)
})
