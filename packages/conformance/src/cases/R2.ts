import type { SubscriptionOptions } from 'anybroker'
import type { Case, Context, Inbox } from '../case.ts'
import { assertEach } from './kit/grades.ts'
import { whenAll, whenNone } from '../when.ts'

/** `acked` before: where the service itself may duplicate, these may come, too. */
async function sees(
  t: Context,
  inbox: Inbox<string>,
  expected: readonly string[],
  acked: readonly string[] = [],
): Promise<void> {
  await t.until(`all of ${expected.join(', ')}`, () => expected.every((body) => inbox.bodies.includes(body)))
  await t.quiet()
  assertEach(t, inbox.bodies, expected, 'what the subscription saw', acked)
}

export const cases: readonly Case[] = [
  {
    clause: 'R2',
    name: 'a subscription from the earliest sees what was published before it existed, and what comes after',
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      await topic.publish('a')
      await topic.publish('b')
      const subscription = await topic.durableSubscription(t.name(), { from: 'earliest' })
      const inbox = t.inbox<string>()
      await subscription.consume(inbox.handler)
      await sees(t, inbox, ['a', 'b'])
      await topic.publish('c')
      await sees(t, inbox, ['a', 'b', 'c'])
    },
  },
  {
    clause: 'R2',
    name: 'beside it, one from now sees nothing from before',
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      await topic.publish('a')
      const now = await topic.durableSubscription(t.name('now'))
      const earliest = await topic.durableSubscription(t.name('earliest'), { from: 'earliest' })
      await topic.publish('b')
      const late = t.inbox<string>()
      const all = t.inbox<string>()
      await now.consume(late.handler)
      await earliest.consume(all.handler)
      await sees(t, all, ['a', 'b'])
      await sees(t, late, ['b'])
    },
  },
  {
    clause: 'R2',
    name: 'what another subscription has consumed is there all the same',
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      const first = await topic.durableSubscription(t.name('first'))
      const seen = t.inbox<string>()
      const worker = await first.consume(seen.handler)
      await topic.publish('a')
      await sees(t, seen, ['a'])
      await worker.close()
      const second = await topic.durableSubscription(t.name('second'), { from: 'earliest' })
      const inbox = t.inbox<string>()
      await second.consume(inbox.handler)
      await sees(t, inbox, ['a'])
    },
  },
  {
    clause: 'R2',
    name: 'opening it again does not start again',
    run: async (t) => {
      const name = t.name()
      const topic = t.broker.topic<string>(t.name())
      await topic.publish('a')
      const first = await topic.durableSubscription(name, { from: 'earliest' })
      const before = t.inbox<string>()
      const worker = await first.consume(before.handler)
      await sees(t, before, ['a'])
      await worker.close()
      const elsewhere = await t.connect()
      const again = await elsewhere.topic<string>(topic.name).durableSubscription(name, { from: 'earliest' })
      const after = t.inbox<string>()
      await again.consume(after.handler)
      await topic.publish('b')
      await sees(t, after, ['b'], ['a'])
    },
  },
  {
    clause: 'R2',
    name: 'the start is identity: asked for from now, it is CONFLICT',
    run: async (t) => {
      const name = t.name()
      const topic = t.broker.topic<string>(t.name())
      await topic.durableSubscription(name, { from: 'earliest' })
      const elsewhere = await t.connect()
      await t.rejects(elsewhere.topic<string>(topic.name).durableSubscription(name, { from: 'now' }), 'CONFLICT')
    },
  },
  {
    clause: 'R2',
    name: 'a filter holds for what was published before, too',
    when: whenAll('R2', 'R3.equals'),
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      await topic.publish('kept', { headers: { kind: 'invoice' } })
      await topic.publish('left', { headers: { kind: 'order' } })
      const subscription = await topic.durableSubscription(t.name(), { from: 'earliest', filter: { kind: 'invoice' } })
      const inbox = t.inbox<string>()
      await subscription.consume(inbox.handler)
      await sees(t, inbox, ['kept'])
    },
  },
  {
    clause: 'R2',
    name: 'a start that is none is a TypeError',
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      for (const from of ['start', 'latest', '', 0, null, new Date()])
        await t.rejects(topic.durableSubscription(t.name(), { from } as SubscriptionOptions), 'TypeError')
    },
  },
  {
    clause: 'R2',
    name: 'where it is none, earliest is UNSUPPORTED and nothing is created',
    when: whenNone('R2'),
    run: async (t) => {
      const name = t.name()
      const topic = t.broker.topic<string>(t.name())
      await t.rejects(topic.durableSubscription(name, { from: 'earliest' }), 'UNSUPPORTED')
      const subscription = await topic.durableSubscription(name, { from: 'now' })
      const inbox = t.inbox<string>()
      await subscription.consume(inbox.handler)
      await topic.publish('a')
      await sees(t, inbox, ['a'])
    },
  },
]
