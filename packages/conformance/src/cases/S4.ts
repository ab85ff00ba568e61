import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Case } from '../case.ts'
import { arrivesOnce, assertOnce, assertRepeated } from './kit/arrives-once.ts'
import { gate, numbers } from './kit/samples.ts'

/** A hundred handlers of a few milliseconds, one after another, on a machine that is busy with more than this. */
const WORKED_MS = 25_000

export const cases: readonly Case[] = [
  {
    clause: 'S4',
    name: 'two consumers of one subscription share: each message goes to one of them',
    async run(t) {
      const topic = t.broker.topic<number>(t.name('share'))
      const taken = [t.inbox<number>(() => sleep(5)), t.inbox<number>(() => sleep(5))]
      for (const inbox of taken) {
        const broker = await t.connect()
        const subscription = await broker.topic<number>(topic.name).durableSubscription('billing')
        await subscription.consume(inbox.handler, { maxUnsettled: 2 })
      }
      await topic.publishAll(numbers(60).map((body) => ({ body })))
      const bodies = () => taken.flatMap((inbox) => inbox.bodies)
      await t.until('all are taken', () => new Set(bodies()).size === 60, WORKED_MS)
      await t.quiet()
      assertOnce(t, bodies(), numbers(60))
      const maxConsumers = t.capabilities.Q1.maxConsumers ?? Infinity
      if (maxConsumers >= 2)
        assert.ok(
          taken.every((inbox) => inbox.bodies.length > 0),
          'one starved',
        )
    },
  },
  {
    clause: 'S4',
    name: 'consumers join and leave while messages flow, and none is lost',
    async run(t) {
      const topic = t.broker.topic<number>(t.name('churn'))
      const subscription = await topic.durableSubscription('billing')
      const handled = new Set<number>()
      const acked = new Set<number>()
      const twice: number[] = []
      const inbox = t.inbox<number>(async (delivery) => {
        if (acked.has(delivery.body)) twice.push(delivery.body)
        await sleep(2)
        // Before the ack: one that was told LEASE_LOST may have reached the broker all the same.
        handled.add(delivery.body)
        await delivery.ack()
        acked.add(delivery.body)
      })
      await subscription.consume(inbox.handler, { concurrency: 2, maxUnsettled: 4 })
      for (const round of numbers(5)) {
        const joins = await t.connect()
        const other = await joins.topic<number>(topic.name).durableSubscription('billing')
        await other.consume(inbox.handler, { concurrency: 2, maxUnsettled: 4 })
        await topic.publishAll(numbers(20).map((n) => ({ body: round * 20 + n })))
        // Leaves in the middle, with some in its hands.
        await joins.close()
      }
      await t.until('all were handled', () => handled.size === 100, WORKED_MS)
      if (t.capabilities.Q4.duplicates !== 'rebalance') assertRepeated(t, twice)
    },
  },
  {
    clause: 'S4',
    name: 'a death: what one consumer held reaches the other',
    async run(t) {
      const topic = t.broker.topic<number>(t.name('death'))
      const dying = await t.connect()
      const held = gate()
      const first = t.inbox<number>((delivery) => held.pass(delivery))
      const doomed = await dying.topic<number>(topic.name).durableSubscription('billing')
      await doomed.consume(first.handler, { concurrency: 5 })
      await topic.publishAll(numbers(5).map((body) => ({ body })))
      await first.count(5)

      const second = t.inbox<number>()
      await (await topic.durableSubscription('billing')).consume(second.handler)
      await dying.close({ drainMs: 0 })
      await arrivesOnce(t, second, numbers(5))
    },
  },
]
