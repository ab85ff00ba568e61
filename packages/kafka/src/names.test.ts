import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EntityRef } from '@anybroker/driver'
import { described, Names } from './names.ts'

const names = new Names('shop')
const queue = (name: string): EntityRef => ({ kind: 'queue', name, ordering: 'none' })
const topic = (name: string): EntityRef => ({ kind: 'topic', name, ordering: 'none' })
const subscription = (of: string, name: string) =>
  ({ kind: 'subscription', topic: of, name, ordering: 'none', durability: 'durable' }) as const

test('names are readable', () => {
  expect(names.base(queue('orders'))).toBe('shop.q.orders')
  expect(names.base(topic('order-placed'))).toBe('shop.t.order-placed')
  expect(names.base(subscription('order-placed', 'billing_eu'))).toBe('shop.s.order-placed.billing__eu')
  expect(names.retry(subscription('a1', 'b1'))).toBe('shop.s.a1.b1.retry')
  expect(names.dead({ kind: 'queue', name: 'orders', ordering: 'none' })).toBe('shop.q.orders.dead')
  expect([names.meta, names.replies]).toEqual(['shop.meta', 'shop.replies'])
})

const logical = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,62}[A-Za-z0-9]$/)
const entity = fc.oneof(
  logical.map(queue),
  logical.map(topic),
  fc.tuple(logical, logical).map(([of, name]) => subscription(of, name)),
)

test('no two entities share a name, nor one that Kafka takes for the same, and all of them are legal', () => {
  fc.assert(
    fc.property(entity, entity, (one, other) => {
      const [first, second] = [names.base(one), names.base(other)]
      const same = JSON.stringify(one) === JSON.stringify(other)
      expect(first.replaceAll('.', '_') === second.replaceAll('.', '_')).toBe(same)
      expect(`${first}.retry`).toMatch(/^[a-zA-Z0-9._-]{1,249}$/)
    }),
    { numRuns: 2_000 },
  )
})

test('names that differ in a separator alone are apart', () => {
  const pairs = [
    ['a_b', 'cc'],
    ['a', 'b_cc'],
    ['a__b', 'cc'],
    ['a', 'b__cc'],
  ] as const
  const spelled = pairs.map(([of, name]) => names.base(subscription(`${of}1`, `x${name}`)).replaceAll('.', '_'))
  expect(new Set(spelled).size).toBe(pairs.length)
})

test('errors name entities as users do', () => {
  expect(described({ kind: 'dead-letters', of: subscription('placed', 'billing') })).toBe(
    'dead letters of subscription placed/billing',
  )
  expect(described({ kind: 'inbox' })).toBe('inbox (its own)')
})
