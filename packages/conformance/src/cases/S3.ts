import assert from 'node:assert/strict'
import type { Case, Context, Inbox } from '../case.ts'
import type { Delivery, DurableSubscription } from 'anybroker'
import { ack } from './kit/ack.ts'
import { arrivesOnce, assertOnce } from './kit/arrives-once.ts'
import { assertEach, steady } from './kit/grades.ts'
import { gate, numbers, QUICK } from './kit/samples.ts'

interface Pair {
  readonly topicName: string
  readonly mine: DurableSubscription<number>
  readonly other: DurableSubscription<number>
  /** Acks whatever the other one gets. */
  readonly others: Inbox<number>
}

/** Two subscriptions of one topic, the other one with a consumer that acks everything. */
async function pair(t: Context): Promise<Pair> {
  const topic = t.broker.topic<number>(t.name('pair'))
  const mine = await topic.durableSubscription('mine', { retry: QUICK })
  const other = await topic.durableSubscription('other', { retry: QUICK })
  const others = t.inbox<number>()
  await other.consume(others.handler)
  return { topicName: topic.name, mine, other, others }
}

async function letters(t: Context, of: DurableSubscription<number>): Promise<readonly Delivery<number | undefined>[]> {
  const read = []
  for await (const letter of of.deadLetters.receive({ untilEmpty: true })) {
    if (await ack(t, letter)) read.push(letter)
  }
  return read
}

export const cases: readonly Case[] = [
  {
    clause: 'S3',
    name: 'a retried message comes again to its own subscription alone',
    async run(t) {
      const { topicName, mine, others } = await pair(t)
      const failed = new Set<number>()
      const inbox = t.inbox<number>(({ body }) => {
        if (failed.has(body)) return
        failed.add(body)
        throw new Error('again')
      })
      await mine.consume(inbox.handler, { concurrency: 3 })
      await t.broker.topic<number>(topicName).publishAll(numbers(6).map((body) => ({ body })))
      const times = (n: number) => inbox.bodies.filter((body) => body === n).length
      await t.until('each came again', () => numbers(6).every((n) => times(n) >= 2))
      await arrivesOnce(t, others, numbers(6))
    },
  },
  {
    clause: 'S3',
    name: 'a retry longer than what is held in hand reaches its own subscription alone',
    needs: ['virtualTime'],
    async run(t) {
      const time = t.virtual()
      const broker = await time.connect()
      const topic = broker.topic<number>(t.name('long'))
      const { holdMaxMs, maxMs } = broker.capabilities.D2
      const delayMs = Math.min(holdMaxMs + 60_000, maxMs)
      const mine = await topic.durableSubscription('mine')
      const other = await topic.durableSubscription('other')
      const others = t.inbox<number>()
      await other.consume(others.handler)
      const inbox = t.inbox<number>(async (delivery) => {
        if (inbox.deliveries.length === 1) await delivery.retry({ delayMs })
      })
      await mine.consume(inbox.handler)
      await topic.publish(0)
      await time.advance(1_000)
      await inbox.count(1)
      await time.advance(delayMs + 60_000)
      await inbox.count(2)
      assertEach(broker, others.bodies.map(String), ['0'], 'what the other one saw')
    },
  },
  {
    clause: 'S3',
    name: 'a dead letter of one subscription is none of the other',
    async run(t) {
      const { topicName, mine, other, others } = await pair(t)
      const worker = await mine.consume((delivery) => delivery.reject({ reason: 'mine alone' }))
      await t.broker.topic<number>(topicName).publishAll(numbers(3).map((body) => ({ body })))
      await t.until('all are dead', () => worker.stats.deadLettered >= 3)
      await arrivesOnce(t, others, numbers(3))
      assert.deepEqual(await t.within(letters(t, other), 'the dead letters of the other'), [])
      const own: Delivery<number | undefined>[] = []
      // As eventual as the broker is: what it does not show yet, a later loop finds.
      await t.until('its own dead letters', async () => {
        own.push(...(await letters(t, mine)))
        return new Set(own.map(({ body }) => body)).size >= 3
      })
      assertOnce(
        t,
        own.map(({ body }) => body ?? NaN),
        numbers(3),
      )
      assert.deepEqual(new Set(own.map(({ dead }) => dead?.origin)), new Set([`${topicName}/mine`]))
    },
  },
  {
    clause: 'S3',
    name: 'a redriven letter reaches its own subscription alone',
    async run(t) {
      const { topicName, mine, others } = await pair(t)
      let mended = false
      const inbox = t.inbox<number>(async (delivery) => {
        if (!mended) await delivery.reject()
      })
      const worker = await mine.consume(inbox.handler)
      await t.broker.topic<number>(topicName).publish(7)
      await t.until('it is dead', () => worker.stats.deadLettered >= 1)
      await arrivesOnce(t, others, [7])
      mended = true
      const before = inbox.bodies.length
      await t.until('it is redriven', async () => (await mine.deadLetters.redrive()).redriven >= 1)
      await inbox.count(before + 1)
      await t.quiet()
      assertOnce(t, others.bodies, [7])
      // What the service repeats looks like what was redriven.
      if (steady(t)) assert.equal(inbox.deliveries[before]?.attempt, 1, 'attempts begin again')
    },
  },
  {
    clause: 'S3',
    name: 'what a closing consumer gives back reaches its own subscription alone',
    async run(t) {
      const { topicName, mine, others } = await pair(t)
      const held = gate()
      const first = t.inbox<number>((delivery) => held.pass(delivery))
      const worker = await mine.consume(first.handler, { concurrency: 2 })
      await t.broker.topic<number>(topicName).publishAll(numbers(4).map((body) => ({ body })))
      await first.count(2)
      await worker.close({ drainMs: 0 })
      const second = t.inbox<number>()
      await mine.consume(second.handler)
      await arrivesOnce(t, second, numbers(4))
      await arrivesOnce(t, others, numbers(4))
    },
  },
]
