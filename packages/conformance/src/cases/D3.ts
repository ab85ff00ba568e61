import assert from 'node:assert/strict'
import type { Case } from '../case.ts'
import { cut } from './kit/cut.ts'
import { aborted, gate } from './kit/gate.ts'
import { assertAttempt, assertAttemptAfterCrash, untilEach } from './kit/grades.ts'
import { quick } from './kit/quick.ts'
import { take } from './kit/take.ts'

export const cases: readonly Case[] = [
  {
    clause: 'D3',
    name: 'each delivery of a message counts, however it was retried',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('counts'), { retry: { ...quick, maxAttempts: 10 } })
      const attempts: number[] = []
      const redelivered: boolean[] = []
      await queue.consume(async (delivery) => {
        redelivered.push(delivery.redelivered)
        const n = attempts.push(delivery.attempt)
        if (n === 1) throw new Error('thrown')
        if (n === 2) await delivery.retry()
        if (n === 3) await delivery.retry({ delayMs: 0 })
        if (n === 4) await delivery.retry({ delayMs: 300 })
      })
      await queue.send('again and again')
      await t.until('five deliveries', () => attempts.length >= 5)
      // What comes after the ack, the service itself may repeat.
      for (const [index, attempt] of attempts.slice(0, 5).entries()) assertAttempt(t, attempt, index + 1)
      if (t.capabilities.D3.attempt !== 'ceiling') assert.equal(redelivered[0], false, 'the first is no redelivery')
      assert.deepEqual(redelivered.slice(1, 5), [true, true, true, true])
    },
  },
  {
    clause: 'D3',
    name: 'the count outlives the consumer',
    async run(t) {
      const name = t.name('outlives')
      const queue = t.broker.queue<string>(name)
      await queue.send('moves on')
      const loop = queue.receive()
      const deliveries = loop[Symbol.asyncIterator]()
      const first = await take(t, deliveries)
      assertAttempt(t, first.attempt, 1)
      await t.within(first.retry({ delayMs: 0 }), 'the first retry')
      const second = await take(t, deliveries)
      assertAttempt(t, second.attempt, 2)
      // Closed while it waits, wherever it does: in our hands or at the broker.
      await t.within(second.retry({ delayMs: 200 }), 'the second retry')
      await loop.close()

      const other = await t.connect()
      const inbox = t.inbox<string>()
      await other.queue<string>(name).consume(inbox.handler)
      const [third] = await inbox.count(1)
      assertAttemptAfterCrash(t, third?.attempt ?? 0, 3)
    },
  },
  {
    clause: 'D3',
    name: 'what no handler saw burns no attempt',
    when: ({ capabilities }) =>
      capabilities.D3.attempt !== 'ceiling' || 'D3 is a ceiling: takes that reached no handler are counted',
    async run(t) {
      const name = t.name('unseen')
      const queue = t.broker.queue<number>(name)
      await queue.sendAll(Array.from({ length: 10 }, (_, body) => ({ body })))
      const seen: number[] = []
      const hanging = await queue.consume(
        async (delivery) => {
          seen.push(delivery.body)
          await aborted(delivery.signal)
          throw new Error('closed')
        },
        { concurrency: 1 },
      )
      await t.until('more in hand than one', () => seen.length > 0 && hanging.stats.unsettled > 1)
      await t.within(hanging.close({ drainMs: 0 }), 'the close of a hanging consumer', 7_000)
      assert.equal(seen.length, 1)

      const other = await t.connect()
      const inbox = t.inbox<number>()
      await other.queue<number>(name).consume(inbox.handler)
      await t.until('all ten', () => new Set(inbox.bodies).size === 10)
      for (const { body, attempt } of inbox.deliveries)
        if (body !== seen[0]) assert.equal(attempt, 1, `nobody saw ${body} before, and its attempt is ${attempt}`)
    },
  },
  {
    clause: 'D3',
    name: 'each subscription counts for itself',
    async run(t) {
      const topic = t.broker.topic<string>(t.name('both'))
      const retry = { ...quick, maxAttempts: 10 }
      const failing = await topic.durableSubscription('failing', { retry })
      const calm = await topic.durableSubscription('calm', { retry })
      const attempts: number[] = []
      const worker = await failing.consume((delivery) => {
        if (attempts.push(delivery.attempt) < 4) throw new Error('fails here')
      })
      await topic.publish('for both')
      await t.until('acked at the fourth', () => worker.stats.acked >= 1)
      // What comes after the ack, the service itself may repeat.
      for (const [index, attempt] of attempts.slice(0, 4).entries()) assertAttempt(t, attempt, index + 1)

      const inbox = t.inbox<string>()
      await calm.consume(inbox.handler)
      const [first] = await inbox.count(1)
      if (t.capabilities.D3.attempt === 'ceiling')
        assert.ok((first?.attempt ?? 0) < 4, 'retries of another subscription are not counted here')
      else assert.equal(first?.attempt, 1)
    },
  },
  {
    clause: 'D3',
    name: 'a delivery that went with its connection is counted as graded',
    needs: ['breakConnection'],
    timeoutMs: 40_000,
    async run(t) {
      const queue = t.broker.queue<string>(t.name('crash'))
      await queue.send('twice')
      const loop = queue.receive({ leaseMs: 1_000 })
      const deliveries = loop[Symbol.asyncIterator]()
      const first = await take(t, deliveries)
      assertAttempt(t, first.attempt, 1)
      if (await cut(t, t.broker)) {
        const second = await t.within(take(t, deliveries), 'the delivery after the cut', 20_000)
        assert.equal(second.body, 'twice')
        assert.equal(second.redelivered, true)
        assertAttemptAfterCrash(t, second.attempt, 2)
        await t.within(second.ack(), 'its ack')
      } else await t.within(first.ack(), 'the ack of what outlived the cut')
    },
  },
  {
    clause: 'D3',
    name: 'what a lost connection had in hand unseen is counted by a ceiling alone',
    needs: ['breakConnection'],
    timeoutMs: 40_000,
    async run(t) {
      const queue = t.broker.queue<string>(t.name('in-hand'), { retry: { ...quick, maxAttempts: 20 } })
      const bodies = ['a', 'b', 'c', 'd', 'e', 'f']
      await queue.sendAll(bodies.map((body) => ({ body })))
      const hold = gate(t)
      const seen = new Map<string, number>()
      const inbox = t.inbox<string>(async (delivery) => {
        if (!seen.has(delivery.body)) seen.set(delivery.body, delivery.attempt)
        await Promise.race([aborted(delivery.signal), hold.opened])
      })
      const worker = await queue.consume(inbox.handler, { concurrency: 1, leaseMs: 1_000 })
      await t.until('more in hand than one', () => inbox.deliveries.length > 0 && worker.stats.unsettled > 1)
      await cut(t, t.broker)
      hold.open()
      await untilEach(t, () => inbox.bodies, bodies, 20_000)
      const [first] = inbox.bodies
      for (const [body, attempt] of seen)
        if (body !== first && t.capabilities.D3.attempt !== 'ceiling')
          assert.equal(attempt, 1, `no handler saw ${body} before, and its attempt is ${attempt}`)
      if (t.capabilities.D3.attempt === 'ceiling') for (const attempt of seen.values()) assert.ok(attempt >= 1)
    },
  },
]
