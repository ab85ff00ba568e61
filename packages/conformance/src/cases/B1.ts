import assert from 'node:assert/strict'
import { setTimeout as work } from 'node:timers/promises'
import type { Delivery } from 'anybroker'
import type { Case } from '../case.ts'
import { gate } from './kit/gate.ts'
import { assertEach, untilEach } from './kit/grades.ts'
import { quick } from './kit/quick.ts'
import { take } from './kit/take.ts'

/** Bodies `0`, `1`, … as `sendAll` takes them. */
const numbered = (count: number): readonly { readonly body: string }[] =>
  Array.from({ length: count }, (_, n) => ({ body: String(n) }))
const bodiesOf = (messages: readonly { readonly body: string }[]): readonly string[] => messages.map(({ body }) => body)

export const cases: readonly Case[] = [
  {
    clause: 'B1',
    name: 'handlers have never more than maxUnsettled deliveries in hand',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('handlers'), { retry: quick })
      const messages = numbered(60)
      await queue.sendAll(messages)
      let running = 0
      let most = 0
      const seen: string[] = []
      const worker = await queue.consume(
        async (delivery) => {
          seen.push(delivery.body)
          most = Math.max(most, ++running)
          await work(10)
          running -= 1
        },
        { concurrency: 3, maxUnsettled: 5 },
      )
      let mostUnsettled = 0
      await t.until('all of them', () => {
        mostUnsettled = Math.max(mostUnsettled, worker.stats.unsettled)
        return worker.stats.acked >= 60 && new Set(seen).size >= 60
      })
      assert.ok(most <= 3, `${most} handlers at once, of 3`)
      assert.ok(mostUnsettled <= 5, `${mostUnsettled} in hand, of 5`)
      assertEach(t, seen, bodiesOf(messages), 'each once')
    },
  },
  {
    clause: 'B1',
    name: 'a loop hands out maxUnsettled deliveries, and the next one when one of them is settled',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('loop'), { retry: quick })
      await queue.sendAll(numbered(12))
      const loop = queue.receive({ maxUnsettled: 4 })
      const deliveries = loop[Symbol.asyncIterator]()
      const hand: Delivery<string>[] = []
      for (let n = 0; n < 4; n += 1) hand.push(await take(t, deliveries))
      const settle = ['ack', 'reject', 'retry'] as const
      for (const verb of settle) {
        let handed = false
        const next = take(t, deliveries, `one more after the ${verb}`).then((delivery) => {
          handed = true
          return delivery
        })
        await t.quiet()
        assert.equal(handed, false, `a fifth was handed out before the ${verb}`)
        assert.ok(loop.stats.unsettled <= 4, `${loop.stats.unsettled} in hand, of 4`)
        const first = hand.shift()
        assert.ok(first)
        // A retry that waits is still in hand, or with the broker: either way it makes no room for ever.
        await t.within(verb === 'retry' ? first.retry({ delayMs: 50 }) : first[verb](), `the ${verb}`)
        hand.push(await next)
      }
      for (const delivery of hand) await delivery.ack()
    },
  },
  {
    clause: 'B1',
    name: 'a consumer that hangs leaves the rest with the broker',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('hangs'), { retry: quick })
      await queue.sendAll(numbered(50))
      const hold = gate(t)
      const seen: string[] = []
      const worker = await queue.consume(
        async (delivery) => {
          seen.push(delivery.body)
          await hold.opened
        },
        { concurrency: 2, maxUnsettled: 6 },
      )
      await t.until('two run', () => seen.length >= 2)
      await t.quiet(400)
      assert.equal(seen.length, 2)
      assert.ok(worker.stats.unsettled <= 6, `${worker.stats.unsettled} in hand, of 6`)
      if (t.capabilities.A2.grade !== 'none') {
        const { ready, inHand } = await queue.depth()
        if (inHand !== undefined && t.capabilities['A2.exact'].grade !== 'none') {
          assert.ok(inHand <= 6, `the broker has given out ${inHand}, of 6`)
          assert.ok(ready >= 44, `${ready} wait, of 44 at least`)
        }
      }
      hold.open()
      await t.until('all of them', () => worker.stats.acked >= 50)
    },
  },
  {
    clause: 'B1',
    name: 'a batch is within maxUnsettled, and maxBatch',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('batch'), { retry: quick })
      const messages = numbered(40)
      await queue.sendAll(messages)
      const batches: string[][] = []
      const worker = await queue.consumeBatch(
        async (batch) => {
          batches.push(batch.map(({ body }) => body))
          await work(10)
        },
        { maxUnsettled: 7, maxBatch: 5 },
      )
      let most = 0
      await t.until('all of them', () => {
        most = Math.max(most, worker.stats.unsettled)
        return worker.stats.acked >= 40 && new Set(batches.flat()).size >= 40
      })
      assert.ok(
        batches.every(({ length }) => length >= 1 && length <= 5),
        batches.map(({ length }) => length).join(', '),
      )
      assert.ok(most <= 7, `${most} in hand, of 7`)
      assertEach(t, batches.flat(), bodiesOf(messages), 'each once')
    },
  },
  {
    clause: 'B1',
    name: 'resize widens and narrows a running consumer',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('resize'), { retry: quick })
      await queue.sendAll(numbered(80))
      let running = 0
      let most = 0
      let hold = gate(t)
      const worker = await queue.consume(
        async () => {
          most = Math.max(most, ++running)
          await hold.opened
          running -= 1
        },
        { concurrency: 2, maxUnsettled: 2 },
      )
      await t.until('two run', () => running === 2)
      await t.quiet()
      assert.equal(worker.stats.unsettled, 2)

      await t.within(worker.resize({ concurrency: 6, maxUnsettled: 8 }), 'widening')
      await t.until('six run', () => running === 6)
      await t.quiet()
      assert.equal(most, 6)
      assert.ok(worker.stats.unsettled <= 8, `${worker.stats.unsettled} in hand, of 8`)

      const wide = hold
      hold = gate(t)
      await t.within(worker.resize({ concurrency: 1, maxUnsettled: 1 }), 'narrowing')
      most = 0
      wide.open()
      await t.until('the six ended', () => worker.stats.acked >= 6)
      await t.until('one runs', () => running >= 1)
      await t.quiet()
      assert.equal(running, 1)
      // What was in hand beyond the new measure runs first; nothing is taken for it.
      await t.until('the rest is handed out one by one', () => {
        const before = hold
        hold = gate(t)
        before.open()
        return worker.stats.acked >= 20
      })
      assert.equal(most, 1, `${most} ran at once after narrowing to 1`)
      assert.ok(worker.stats.unsettled <= 1, `${worker.stats.unsettled} in hand, of 1`)
      hold.open()
    },
  },
  {
    clause: 'B1',
    name: 'what is fetched beyond what runs is bounded by maxBytes',
    async run(t) {
      const size = 100 * 1024
      const queue = t.broker.queue<Uint8Array>(t.name('bytes'), { codec: 'bytes', retry: quick })
      await queue.sendAll(Array.from({ length: 40 }, (_, n) => ({ body: new Uint8Array(size).fill(n) })))
      const hold = gate(t)
      const worker = await queue.consume(() => hold.opened, {
        concurrency: 1,
        maxUnsettled: 40,
        maxBytes: 4 * size,
      })
      await t.until('one runs', () => worker.stats.running === 1)
      await t.quiet(400)
      // One runs, four may wait, and a broker hands out whole batches: of ten at most where it has a say.
      assert.ok(worker.stats.unsettled <= 15, `${worker.stats.unsettled} of 100 KiB in hand, for maxBytes of 400 KiB`)
      hold.open()
      await t.until('all of them', () => worker.stats.acked >= 40)
    },
  },
  {
    clause: 'B1',
    name: 'a message larger than maxBytes is still delivered',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('tiny'), { retry: quick })
      const messages = numbered(6)
      await queue.sendAll(messages.map(({ body }) => ({ body, headers: { pad: 'x'.repeat(500) } })))
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler, { concurrency: 2, maxBytes: 1 })
      await untilEach(t, () => inbox.bodies, bodiesOf(messages))
      assertEach(t, inbox.bodies, bodiesOf(messages), 'each once')
    },
  },
]
