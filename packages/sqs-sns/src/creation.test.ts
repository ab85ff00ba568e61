import type { SubscriptionRef } from '@anybroker/driver'
import { expect, test } from 'vitest'
import { scripted, type Asked } from '../test/scripted.ts'
import { Creation } from './creation.ts'
import { Ephemerals } from './ephemerals.ts'

const signal = new AbortController().signal
const REF: SubscriptionRef = {
  kind: 'subscription',
  topic: 'news',
  name: 'billing',
  ordering: 'key',
  durability: 'durable',
}
const TOPIC_ARN = 'arn:aws:sns:eu-west-1:123456789012:ab_-t_-news.fifo'
const URL = 'https://sqs.eu-west-1.amazonaws.com/123456789012/q'

function setUp(answer: (asked: Asked) => unknown) {
  const service = scripted(answer)
  return { ...service, creation: new Creation(service.session, new Ephemerals(service.session)) }
}
const attributes = ({ input }: Asked) => input['Attributes'] as Readonly<Record<string, string>>

test('dead letters, queue, subscription, and the tag that says that all of it is there, in this order', async () => {
  const { creation, asked } = setUp(({ action }) => ({
    ...(action === 'CreateQueue' ? { QueueUrl: URL } : {}),
    ...(action === 'Subscribe' ? { SubscriptionArn: 'arn:aws:sns:eu-west-1:123456789012:s' } : {}),
  }))
  await creation.subscription(REF, TOPIC_ARN, { maxAttempts: 5, filter: { region: 'eu' } }, signal)
  expect(asked.map(({ action }) => action)).toEqual(['CreateQueue', 'CreateQueue', 'Subscribe', 'TagQueue'])
  const [dead, queue, subscribe, tag] = asked
  expect(dead?.input['QueueName']).toBe('ab_-ds_-news_-billing.fifo')
  expect(queue?.input).toMatchObject({
    QueueName: 'ab_-s_-news_-billing.fifo',
    tags: { 'ab:kind': 'subscription', 'ab:name': 'news/billing' },
    Attributes: { FifoQueue: 'true', FifoThroughputLimit: 'perMessageGroupId', MessageRetentionPeriod: '1209600' },
  })
  const deadArn = 'arn:aws:sqs:eu-west-1:123456789012:ab_-ds_-news_-billing.fifo'
  expect(JSON.parse(queue === undefined ? '' : (attributes(queue)['RedrivePolicy'] ?? ''))).toEqual({
    deadLetterTargetArn: deadArn,
    maxReceiveCount: 105,
  })
  // From its creation on: a policy that comes later takes up to a minute.
  for (const each of [dead, queue]) expect(each === undefined ? '' : attributes(each)['Policy']).toContain(TOPIC_ARN)
  expect(subscribe?.input).toMatchObject({
    Protocol: 'sqs',
    Endpoint: 'arn:aws:sqs:eu-west-1:123456789012:ab_-s_-news_-billing.fifo',
    Attributes: { RawMessageDelivery: 'true', FilterPolicyScope: 'MessageAttributes' },
  })
  expect(tag?.input).toMatchObject({ Tags: { 'ab:subscription': 'arn:aws:sns:eu-west-1:123456789012:s' } })
})

test('a queue that is there stays as it is, and the topic is let in beside what others put into its policy', async () => {
  const others = {
    Version: '2012-10-17',
    Statement: [{ Sid: 'theirs', Effect: 'Deny', Principal: '*', Action: 'sqs:*' }],
  }
  const { creation, asked } = setUp(({ action }) => {
    if (action === 'CreateQueue') throw Object.assign(new Error('exists'), { name: 'QueueNameExists' })
    if (action === 'GetQueueUrl') return { QueueUrl: URL }
    if (action === 'GetQueueAttributes') return { Attributes: { Policy: JSON.stringify(others) } }
    return {}
  })
  await creation.subscription(REF, TOPIC_ARN, {}, signal)
  const written = asked.filter(({ action }) => action === 'SetQueueAttributes').map(attributes)
  expect(written).toHaveLength(2)
  for (const one of written) {
    expect(Object.keys(one)).toEqual(['Policy'])
    const { Statement } = JSON.parse(one['Policy'] ?? '') as { readonly Statement: readonly { readonly Sid: string }[] }
    expect(Statement.map(({ Sid }) => Sid)).toEqual(['theirs', expect.stringMatching(/^anybroker/)])
  }
})

test('what is wrong is told: nothing is made up in its place', async () => {
  const denied = Object.assign(new Error('no'), { name: 'AccessDenied' })
  const { creation, asked } = setUp(() => {
    throw denied
  })
  await expect(creation.queue({ kind: 'queue', name: 'orders', ordering: 'none' }, {}, signal)).rejects.toBe(denied)
  expect(asked).toHaveLength(1)
})
