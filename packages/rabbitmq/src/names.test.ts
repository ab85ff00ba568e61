import type { EntityRef } from '@anybroker/driver'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Names, PARTITIONS } from './names.ts'

const names = new Names('ab')
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,62}[A-Za-z0-9]$/)
const ordering = fc.constantFrom('none' as const, 'key' as const)
const ref: fc.Arbitrary<EntityRef> = fc.oneof(
  fc.record({ kind: fc.constant('queue' as const), name, ordering }),
  fc.record({ kind: fc.constant('topic' as const), name, ordering }),
  fc.record({
    kind: fc.constant('subscription' as const),
    topic: name,
    name,
    ordering,
    durability: fc.constantFrom('durable' as const, 'ephemeral' as const),
  }),
)

test('no two entities share a name, whatever is put behind it', () => {
  fc.assert(
    fc.property(ref, ref, (one, other) => {
      const identity = (of: EntityRef) =>
        JSON.stringify([of.kind, of.name, 'topic' in of ? [of.topic, of.durability] : []])
      const all = (of: EntityRef) => [names.base(of), names.dead(of), ...(of.kind === 'topic' ? [] : names.queues(of))]
      if (identity(one) !== identity(other)) expect(all(one).some((each) => all(other).includes(each))).toBe(false)
    }),
  )
})

test('names stay far below what RabbitMQ takes, and what its answers have room for', () => {
  fc.assert(
    fc.property(ref, (one) => {
      expect(names.dead(one).length).toBeLessThanOrEqual(100)
    }),
  )
})

test('an ordered queue is its partitions', () => {
  const queues = names.queues({ kind: 'queue', name: 'orders', ordering: 'key' })
  expect(queues).toHaveLength(PARTITIONS)
  expect(queues[11]).toBe('ab.q.orders.p11')
})

test('a reply goes to inboxes alone', () => {
  expect(names.isInbox(names.inbox('x'))).toBe(true)
  expect(names.isInbox('amq.gen-x')).toBe(true)
  expect(names.isInbox('ab.q.payments')).toBe(false)
  expect(names.isInbox('')).toBe(false)
})
