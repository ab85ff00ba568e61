import type { EntityRef } from '@anybroker/driver'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Names } from './names.ts'

const names = new Names('my_ns')
const logical = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,62}[A-Za-z0-9]$/)
const ordering = fc.constantFrom('none' as const, 'key' as const)
const queue = fc.record({ kind: fc.constant('queue' as const), name: logical, ordering })
const subscription = fc.record({
  kind: fc.constant('subscription' as const),
  topic: logical,
  name: logical,
  ordering,
  durability: fc.constantFrom('durable' as const, 'ephemeral' as const),
})
const owner = fc.oneof(queue, subscription)
const any = fc.oneof(
  owner,
  owner.map((of) => ({ kind: 'dead-letters' as const, of })),
)

test('what SQS takes, and no two things share a name', () => {
  const seen = new Map<string, string>()
  fc.assert(
    fc.property(any, (ref) => {
      const name = names.queue(ref)
      expect(name).toMatch(/^[A-Za-z0-9_-]{1,75}(?:\.fifo)?$/)
      const of = 'of' in ref ? ref.of : ref
      // An ephemeral subscription has no dead letters: its durable namesake's are the same.
      const what = JSON.stringify('of' in ref ? ['dead', { ...of, durability: '' }] : ref)
      expect(seen.get(name) ?? what).toBe(what)
      seen.set(name, what)
    }),
    { numRuns: 2_000 },
  )
})

test('names come back, unless they are so long that their tag must tell', () => {
  fc.assert(
    fc.property(owner, (ref) => {
      const found = names.found(names.queue(ref))
      if (ref.kind === 'subscription' && ref.durability === 'ephemeral') expect(found).toBeUndefined()
      else {
        expect(found?.ref.kind).toBe(ref.kind)
        expect(found?.ref.ordering).toBe(ref.ordering)
        if (found?.hashed === false) expect(found.ref).toEqual(ref)
      }
    }),
  )
  fc.assert(
    fc.property(logical, ordering, (name, mode) => {
      const ref: EntityRef = { kind: 'topic', name, ordering: mode }
      const physical = names.topic(ref, mode)
      expect(physical).toMatch(/^[A-Za-z0-9_-]{1,250}(?:\.fifo)?$/)
      expect(names.foundTopic(physical)).toEqual(ref)
    }),
  )
})

test('names of others are none of ours', () => {
  for (const name of ['orders', 'my_-q_-orders', 'my__ns', 'my__ns_-r_-1', 'my__ns_-dq_-orders', 'my__ns_-x_-a']) {
    expect(names.found(name)).toBeUndefined()
    expect(names.foundTopic(name)).toBeUndefined()
  }
})

test('a reply goes to inboxes of this namespace alone', () => {
  expect(names.isInbox(names.inbox('01a1fe1e-234d-7381-be95-47cecdc6888d'))).toBe(true)
  for (const address of ['', 'orders', 'my__ns_-q_-orders', 'https://sqs.example/1/my__ns_-r_-1', 'my__ns_-r_-../x'])
    expect(names.isInbox(address)).toBe(false)
})
