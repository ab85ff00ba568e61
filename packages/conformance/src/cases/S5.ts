import assert from 'node:assert/strict'
import type { Case } from '../case.ts'
import { assertOnce } from './kit/arrives-once.ts'
import { numbers, QUICK } from './kit/samples.ts'

export const cases: readonly Case[] = [
  {
    clause: 'S5',
    name: 'closing a consumer is not unsubscribing',
    async run(t) {
      const topic = t.broker.topic<number>(t.name('closed'))
      const first = await t.connect()
      const subscription = await first.topic<number>(topic.name).durableSubscription('billing')
      await using worker = await subscription.consume(() => {})
      await topic.publish(0)
      await t.until('it was handled', () => worker.stats.acked >= 1)
      await worker.close()
      await topic.publish(1)
      await first.close()
      await topic.publish(2)

      const inbox = t.inbox<number>()
      await (await topic.durableSubscription('billing')).consume(inbox.handler)
      await t.until('both were kept', () => inbox.bodies.includes(1) && inbox.bodies.includes(2))
    },
  },
  {
    clause: 'S5',
    name: 'unsubscribe drops the backlog, what waits for a retry and the dead letters: the same name begins empty',
    async run(t) {
      const topic = t.broker.topic<number>(t.name('backlog'))
      const subscription = await topic.durableSubscription('billing')
      const inbox = t.inbox<number>(async (delivery) => {
        if (delivery.body === 0) await delivery.reject()
        else await delivery.retry({ delayMs: 500 })
      })
      const worker = await subscription.consume(inbox.handler, { concurrency: 2 })
      await topic.publishAll([{ body: 0 }, { body: 1 }])
      await t.until('one is dead', () => worker.stats.deadLettered >= 1)
      await t.until('the other is retried', () => inbox.bodies.includes(1))
      await worker.close()
      await topic.publishAll(numbers(5).map((body) => ({ body: body + 2 })))
      await subscription.unsubscribe()

      const again = await topic.durableSubscription('billing')
      const fresh = t.inbox<number>()
      await again.consume(fresh.handler)
      await topic.publish(99)
      await fresh.count(1)
      await t.quiet(600)
      assertOnce(t, fresh.bodies, [99])
      const dead = []
      for await (const letter of again.deadLetters.receive({ untilEmpty: true })) dead.push(letter.body)
      assert.deepEqual(dead, [])
    },
  },
  {
    clause: 'S5',
    name: 'nothing is kept after unsubscribe, though its neighbour goes on',
    async run(t) {
      const topic = t.broker.topic<number>(t.name('after'))
      const goes = await topic.durableSubscription('goes')
      const stays = await topic.durableSubscription('stays')
      await goes.unsubscribe()
      await topic.publish(1)
      const again = t.inbox<number>()
      await (await topic.durableSubscription('goes')).consume(again.handler)
      const neighbour = t.inbox<number>()
      await stays.consume(neighbour.handler)
      await neighbour.count(1)
      await t.quiet()
      assert.deepEqual(again.bodies, [])
    },
  },
  {
    clause: 'S5',
    name: 'with a live consumer of this process it is CONFLICT, and nothing is dropped',
    async run(t) {
      const topic = t.broker.topic<number>(t.name('live'))
      const subscription = await topic.durableSubscription('billing', { retry: QUICK })
      const inbox = t.inbox<number>()
      const worker = await subscription.consume(inbox.handler)
      await t.rejects(subscription.unsubscribe(), 'CONFLICT')
      await topic.publish(1)
      await inbox.count(1)
      await worker.close()

      // A loop is a consumer too, from its first next() until it is closed.
      const loop = subscription.receive()
      await topic.publish(2)
      const first = await t.within(loop[Symbol.asyncIterator]().next(), 'the first of the loop')
      assert.ok(first.done !== true)
      await t.rejects(subscription.unsubscribe(), 'CONFLICT')
      await first.value.ack()
      await loop.close()
      await t.within(subscription.unsubscribe(), 'unsubscribe once nobody consumes')
    },
  },
  {
    clause: 'S5',
    name: 'of a name that is unknown, or known no more, it is NOT_FOUND',
    async run(t) {
      const name = t.name('unknown')
      const here = await t.broker.topic<number>(name).durableSubscription('billing')
      const there = await (await t.connect()).topic<number>(name).durableSubscription('billing')
      await here.unsubscribe()
      const error = await t.rejects(there.unsubscribe(), 'NOT_FOUND')
      assert.match(error.message, /billing/)
      await t.rejects(here.unsubscribe(), 'NOT_FOUND')
    },
  },
]
