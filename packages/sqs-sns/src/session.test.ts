import type { TopicRef } from '@anybroker/driver'
import { expect, test } from 'vitest'
import { scripted, type Asked } from '../test/scripted.ts'
import { Session } from './session.ts'

const TOPIC: TopicRef = { kind: 'topic', name: 'news', ordering: 'none' }
const SNS = 'arn:aws-cn:sns:cn-north-1:210987654321:'
const missing = () => Object.assign(new Error('no'), { name: 'NotFound', $metadata: { httpStatusCode: 404 } })

/** One whose credentials do not tell their account. */
function anonymous(answer: (asked: Asked) => unknown) {
  const { session, asked } = scripted(answer)
  const { clients, settings, runtime } = session
  return { session: new Session(clients, settings, runtime, 'cn-north-1', undefined), asked }
}

test('the account of the credentials is that of all ARNs, in the partition of the region', async () => {
  const { session, asked } = scripted(() => ({}))
  expect(await session.topicArn(TOPIC, undefined)).toBe('arn:aws:sns:eu-west-1:123456789012:ab_-t_-news')
  expect(asked.map(({ action }) => action)).toEqual(['GetTopicAttributes'])
  const { clients, settings, runtime } = session
  const china = new Session(clients, settings, runtime, 'cn-north-1', '1')
  const us = new Session(clients, settings, runtime, 'us-gov-west-1', '1')
  expect([china.arnOf('sqs', 'q'), us.arnOf('sns', 't')]).toEqual([
    'arn:aws-cn:sqs:cn-north-1:1:q',
    'arn:aws-us-gov:sns:us-gov-west-1:1:t',
  ])
})

test('else any topic tells it, once', async () => {
  const { session, asked } = anonymous(({ action }) =>
    action === 'ListTopics' ? { Topics: [{ TopicArn: `${SNS}somebody-elses` }] } : {},
  )
  expect(await session.topicArn(TOPIC, undefined)).toBe(`${SNS}ab_-t_-news`)
  expect(await session.topicArn(TOPIC, undefined)).toBe(`${SNS}ab_-t_-news`)
  expect(await session.queueArn('q', 'url', undefined)).toBe('arn:aws-cn:sqs:cn-north-1:210987654321:q')
  expect(asked.map(({ action }) => action)).toEqual(['ListTopics', 'GetTopicAttributes', 'GetTopicAttributes'])
})

test('or any queue', async () => {
  const QueueArn = 'arn:aws-cn:sqs:cn-north-1:210987654321:q'
  const { session, asked } = anonymous(() => ({ Attributes: { QueueArn } }))
  expect(await session.queueArn('q', 'url', undefined)).toBe(QueueArn)
  expect(await session.queueArn('other', 'url', undefined)).toBe(QueueArn.replace(/q$/, 'other'))
  expect(asked.map(({ action }) => action)).toEqual(['GetQueueAttributes'])
})

test('where there is no topic at all this one is missing; one that the service does not know, too', async () => {
  const none = anonymous(() => ({ Topics: [] }))
  expect(await none.session.topicArn(TOPIC, undefined)).toBeUndefined()
  const { session } = scripted(() => {
    throw missing()
  })
  expect(await session.topicArn(TOPIC, undefined)).toBeUndefined()
  expect(await session.queueUrl('q', undefined)).toBeUndefined()
})

test('what is denied is not missing', async () => {
  const denied = Object.assign(new Error('no'), { name: 'AuthorizationError', $metadata: { httpStatusCode: 403 } })
  const { session } = scripted(() => {
    throw denied
  })
  await expect(session.topicArn(TOPIC, undefined)).rejects.toBe(denied)
  await expect(session.queueUrl('q', undefined)).rejects.toBe(denied)
})
