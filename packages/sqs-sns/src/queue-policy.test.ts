import { expect, test } from 'vitest'
import { mergedPolicy } from './queue-policy.ts'

const allowed = { queueArn: 'arn:aws:sqs:eu-west-1:123456789012:q', topicArn: 'arn:aws:sns:eu-west-1:123456789012:t' }
const statements = (policy: string | undefined) =>
  (JSON.parse(policy ?? '{}') as { readonly Statement: readonly Record<string, unknown>[] }).Statement

test('the topic may send, and nobody else', () => {
  const merged = mergedPolicy(undefined, allowed)
  expect(JSON.parse(merged ?? '')).toMatchObject({ Version: '2012-10-17' })
  expect(statements(merged)).toEqual([
    {
      Sid: expect.stringMatching(/^anybroker[0-9a-f]{16}$/) as string,
      Effect: 'Allow',
      Principal: { Service: 'sns.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: allowed.queueArn,
      Condition: { ArnEquals: { 'aws:SourceArn': allowed.topicArn } },
    },
  ])
})

test('what others put there stays, as a list or as one', () => {
  const own = { Sid: 'own', Effect: 'Deny', Principal: '*', Action: 'sqs:*' }
  for (const Statement of [own, [own]]) {
    const present = JSON.stringify({ Version: '2008-10-17', Id: 'mine', Statement })
    const merged = mergedPolicy(present, allowed)
    expect(JSON.parse(merged ?? '')).toMatchObject({ Version: '2008-10-17', Id: 'mine' })
    expect(statements(merged)).toHaveLength(2)
    expect(statements(merged)[0]).toEqual(own)
  }
})

test('a second topic gets a statement of its own', () => {
  const one = mergedPolicy(undefined, allowed)
  const both = mergedPolicy(one, { ...allowed, topicArn: `${allowed.topicArn}2` })
  expect(statements(both)).toHaveLength(2)
})

test('nothing is written where it is there already', () => {
  expect(mergedPolicy(mergedPolicy(undefined, allowed), allowed)).toBeUndefined()
})

test('what is no policy is not overwritten', () => {
  for (const present of ['no JSON', '[]', '7', 'null'])
    expect(() => mergedPolicy(present, allowed)).toThrow(/JSON|policy/)
})
