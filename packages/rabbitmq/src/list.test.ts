import type { QueueRef, SubscriptionRef, TopicRef } from '@anybroker/driver'
import { expect, test } from 'vitest'
import { ownerOf, topicOf } from './list.ts'
import { Names } from './names.ts'

const names = new Names('ab')
const long = 'l'.repeat(64)
const queue: QueueRef = { kind: 'queue', name: 'a-_B', ordering: 'none' }
const subscription: SubscriptionRef = {
  kind: 'subscription',
  topic: long,
  name: long,
  ordering: 'key',
  durability: 'durable',
}
const topic: TopicRef = { kind: 'topic', name: 'orders', ordering: 'key' }

function dead(ref: QueueRef | SubscriptionRef, more: Readonly<Record<string, unknown>> = {}) {
  const name = ref.kind === 'queue' ? ref.name : `${ref.topic}/${ref.name}`
  const identity = `o=${ref.ordering} f=none s=now l=abc`
  return { name: names.dead(ref), arguments: { 'ab-name': name, 'x-dead-letter-routing-key': identity, ...more } }
}

test('finds the owner of a dead-letter queue, also of one whose name was too long', () => {
  expect(ownerOf(dead(queue), names)).toEqual(queue)
  expect(ownerOf(dead(subscription), names)).toEqual(subscription)
})

test('finds a topic by its exchange', () => {
  const told = { name: 'ab.t.orders', type: 'direct', arguments: { 'ab-name': 'orders' } }
  expect(topicOf(told, names)).toEqual(topic)
  expect(topicOf({ ...told, type: 'fanout' }, names)).toEqual({ ...topic, ordering: 'none' })
})

test('what is not ours, or says of itself what it is not, is left out', () => {
  const exchange = { name: 'ab.t.orders', type: 'direct' }
  for (const told of [
    {},
    { name: names.dead(queue) },
    { name: names.dead(queue), arguments: { 'ab-name': 'a-_B' } },
    { name: names.dead(queue), arguments: null },
    dead(queue, { 'ab-name': 'other' }),
    dead(queue, { 'ab-name': 'a/b/c' }),
    dead(queue, { 'ab-name': 5 }),
    dead(queue, { 'x-dead-letter-routing-key': 'foreign' }),
  ])
    expect(ownerOf(told, names)).toBeUndefined()
  for (const told of [
    exchange,
    { ...exchange, arguments: { 'ab-name': 'other' } },
    { ...exchange, type: 'topic', arguments: { 'ab-name': 'orders' } },
    { ...exchange, name: 'ab.t.orders.h', type: 'headers', arguments: { 'ab-name': 'orders' } },
  ])
    expect(topicOf(told, names)).toBeUndefined()
})
