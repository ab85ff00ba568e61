import assert from 'node:assert/strict'
import type { Case } from '../case.ts'
import { arrivesOnce } from './kit/arrives-once.ts'
import { numbers, QUICK } from './kit/samples.ts'
import { whenAll } from '../when.ts'

export const cases: readonly Case[] = [
  {
    clause: 'S6',
    name: 'the same name on another topic is another subscription',
    async run(t) {
      const topics = [t.broker.topic<string>(t.name('one')), t.broker.topic<string>(t.name('other'))]
      const inboxes = []
      for (const topic of topics) {
        const inbox = t.inbox<string>()
        await (await topic.durableSubscription('billing')).consume(inbox.handler)
        inboxes.push(inbox)
      }
      for (const topic of topics) await topic.publish(topic.name)
      for (const [index, inbox] of inboxes.entries()) await arrivesOnce(t, inbox, [topics[index]?.name ?? ''])
    },
  },
  {
    clause: 'S6',
    name: 'names that read alike when joined are apart: a-b/c, a/b-c, a_b/c',
    async run(t) {
      const name = t.name('joined')
      const pairs = [
        [`${name}-b`, 'cc'],
        [name, 'b-cc'],
        [`${name}_b`, 'cc'],
        [name, 'b_cc'],
        [`${name}--b`, 'cc'],
      ] as const
      const inboxes = []
      for (const [topic, subscription] of pairs) {
        const inbox = t.inbox<string>()
        await (await t.broker.topic<string>(topic).durableSubscription(subscription)).consume(inbox.handler)
        inboxes.push(inbox)
      }
      const topics = [...new Set(pairs.map(([topic]) => topic))]
      for (const topic of topics) await t.broker.topic<string>(topic).publish(topic)
      for (const [index, inbox] of inboxes.entries()) await arrivesOnce(t, inbox, [pairs[index]?.[0] ?? ''])
    },
  },
  {
    clause: 'S6',
    name: 'creating it again is a no-op, here and elsewhere: its backlog stays, a retry policy is no part of it',
    async run(t) {
      const name = t.name('again')
      const topic = t.broker.topic<number>(name)
      await topic.durableSubscription('billing')
      await topic.publishAll(numbers(5).map((body) => ({ body })))
      await topic.durableSubscription('billing')
      const elsewhere = (await t.connect()).topic<number>(name)
      const again = await elsewhere.durableSubscription('billing', { retry: { ...QUICK, maxAttempts: 3 } })
      const inbox = t.inbox<number>()
      await again.consume(inbox.handler)
      await arrivesOnce(t, inbox, numbers(5))
    },
  },
  {
    clause: 'S6',
    name: 'the same filter in another order of words is the same',
    when: whenAll('R3.equals', 'R3.anyOf'),
    async run(t) {
      const name = t.name('order')
      await t.broker.topic(name).durableSubscription('billing', { filter: { region: 'eu', kind: ['order', 'refund'] } })
      const elsewhere = (await t.connect()).topic(name)
      await elsewhere.durableSubscription('billing', { filter: { kind: ['order', 'refund'], region: 'eu' } })
    },
  },
  {
    clause: 'S6',
    name: 'with another filter it is CONFLICT, here and elsewhere, and the difference is named',
    when: whenAll('R3.equals'),
    async run(t) {
      const name = t.name('filter')
      const topic = t.broker.topic<number>(name)
      await topic.durableSubscription('billing', { filter: { region: 'eu' } })
      await topic.publish(1, { headers: { region: 'eu' } })
      const elsewhere = (await t.connect()).topic<number>(name)
      for (const filter of [{ region: 'us' }, { country: 'eu' }])
        for (const side of [topic, elsewhere]) {
          const error = await t.rejects(side.durableSubscription('billing', { filter }), 'CONFLICT')
          assert.match(error.message, /filter/)
        }
      await t.rejects(elsewhere.durableSubscription('billing'), 'CONFLICT')
      // And it is still as it was.
      const inbox = t.inbox<number>()
      const same = await elsewhere.durableSubscription('billing', { filter: { region: 'eu' } })
      await same.consume(inbox.handler)
      await topic.publish(2, { headers: { region: 'us' } })
      await topic.publish(3, { headers: { region: 'eu' } })
      await arrivesOnce(t, inbox, [1, 3])
    },
  },
]
