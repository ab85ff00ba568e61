import type { EntityRef, Ordering } from '@anybroker/driver'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isOwner, Names } from './names.ts'

const names = new Names('p1', 'shop')
const ordering: Ordering = 'none'
const part = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,62}[A-Za-z0-9]$/)
const refs = fc.oneof(
  part.map((name): EntityRef => ({ kind: 'queue', name, ordering })),
  part.map((name): EntityRef => ({ kind: 'topic', name, ordering })),
  fc
    .tuple(part, part, fc.constantFrom('durable', 'ephemeral'))
    .map(([topic, name, durability]): EntityRef => ({ kind: 'subscription', topic, name, ordering, durability })),
)

test('the service takes every name, and none is cut', () => {
  fc.assert(
    fc.property(refs, (ref) => {
      for (const name of [names.base(ref), ...(isOwner(ref) ? [names.lane(ref), names.dead(ref)] : [])]) {
        expect(name).toMatch(/^[A-Za-z][A-Za-z0-9-_.~+%]{2,254}$/)
        expect(names.parts(names.topicPath(name))?.join('.')).toBe(name.slice('shop.'.length))
      }
    }),
  )
})

test('no two entities share a name', () => {
  const all = (ref: EntityRef): readonly string[] => [
    names.base(ref),
    ...(isOwner(ref) ? [names.lane(ref), names.dead(ref)] : []),
  ]
  fc.assert(
    fc.property(refs, refs, (one, other) => {
      fc.pre(JSON.stringify(one) !== JSON.stringify(other))
      expect(all(one).filter((name) => all(other).includes(name))).toEqual([])
    }),
  )
})

test('only an inbox of this namespace is one', () => {
  expect(names.isInbox(names.inbox('0190-x'))).toBe(true)
  for (const address of [
    '',
    'ab.r.1',
    'shop.q.orders',
    'shop.r.',
    'shop.r."',
    'shop.r.a b',
    `shop.r.${'x'.repeat(300)}`,
  ])
    expect([address, names.isInbox(address)]).toEqual([address, false])
})

test('what is of another namespace has no parts', () => {
  expect(names.parts('projects/p1/topics/shopping.q.x')).toBeUndefined()
  expect(names.parts(undefined)).toBeUndefined()
})
