import assert from 'node:assert/strict'
import type { Case } from '../case.ts'
import { arrivesOnce, assertOnce } from './kit/arrives-once.ts'
import { assertEach } from './kit/grades.ts'
import { numbers } from './kit/samples.ts'

const DAY_MS = 86_400_000

export const cases: readonly Case[] = [
  {
    clause: 'S2',
    name: 'what is published while its consumers are away is kept for them',
    async run(t) {
      const topic = t.broker.topic<number>(t.name('away'))
      const subscription = await topic.durableSubscription('billing')
      const before = t.inbox<number>()
      const worker = await subscription.consume(before.handler)
      await topic.publish(-1)
      await before.count(1)
      await worker.close()

      await topic.publishAll(numbers(30).map((body) => ({ body })))
      const after = t.inbox<number>()
      await subscription.consume(after.handler)
      await arrivesOnce(t, after, numbers(30), { before: [-1] })
    },
  },
  {
    clause: 'S2',
    name: 'it outlives every client: each of them closed, then opened anew, time and again',
    async run(t) {
      const name = t.name('anew')
      const creator = await t.connect()
      await creator.topic<number>(name).durableSubscription('billing')
      await creator.close()
      const inbox = t.inbox<number>()
      for (const round of numbers(3)) {
        const publisher = await t.connect()
        await publisher.topic<number>(name).publishAll(numbers(5).map((n) => ({ body: round * 5 + n })))
        await publisher.close()
        const consumer = await t.connect()
        const subscription = await consumer.topic<number>(name).durableSubscription('billing')
        const worker = await subscription.consume(inbox.handler)
        await t.until(
          'all are acked',
          () => new Set(inbox.bodies).size === (round + 1) * 5 && worker.stats.unsettled === 0,
        )
        await consumer.close()
      }
      assertOnce(t, inbox.bodies, numbers(15))
    },
  },
  {
    clause: 'S2',
    name: 'it keeps a message for a day, or for half of the stated retention',
    needs: ['virtualTime'],
    async run(t) {
      const time = t.virtual()
      const broker = await time.connect()
      const topic = broker.topic<string>(t.name('day'))
      const subscription = await topic.durableSubscription('billing')
      await topic.publish('old')
      await time.advance(Math.min(DAY_MS, (broker.capabilities.S2.retentionMs ?? Infinity) / 2))
      const inbox = t.inbox<string>()
      await subscription.consume(inbox.handler)
      await time.advance(1_000)
      await inbox.count(1)
      assertEach(broker, inbox.bodies, ['old'], 'what waited for a day')
    },
  },
  {
    clause: 'S2',
    name: 'it outlives the process of its only consumer',
    needs: ['spawn'],
    timeoutMs: 120_000,
    async run(t) {
      const topic = t.broker.topic<string>(t.name('process'))
      const subscription = await topic.durableSubscription('billing')
      const process = await t.harness.spawn?.({
        source: { topic: topic.name, subscription: 'billing' },
        handler: 'ack',
      })
      assert.ok(process)
      t.after(() => process.kill())
      await topic.publish('to the process')
      await t.until('the process has it', async () => (await process.received()).length === 1, 30_000)
      await process.kill()
      await topic.publish('to nobody yet')
      const inbox = t.inbox<string>()
      await subscription.consume(inbox.handler)
      await t.until('it was kept', () => inbox.bodies.includes('to nobody yet'), 45_000)
    },
  },
  {
    clause: 'S2',
    name: 'its backlog outlives a restart of the broker',
    needs: ['restart'],
    timeoutMs: 120_000,
    async run(t) {
      const topic = t.broker.topic<number>(t.name('restart'))
      await topic.durableSubscription('billing')
      await topic.publishAll(numbers(20).map((body) => ({ body })))
      await t.harness.restart?.()
      const again = await t.connect()
      const subscription = await again.topic<number>(topic.name).durableSubscription('billing')
      const inbox = t.inbox<number>()
      await subscription.consume(inbox.handler)
      await arrivesOnce(t, inbox, numbers(20), { withinMs: 60_000, faults: true })
    },
  },
]
