import assert from 'node:assert/strict'
import type { Case, Context } from '../case.ts'
import { assertOnce, assertRepeated } from './kit/arrives-once.ts'
import { gate, numbers } from './kit/samples.ts'

/** Of what was acked nothing came again, save where the service repeats when it likes, or here, while consumers come and go. */
function assertNotAgain(t: Context, again: readonly number[]): void {
  if (t.capabilities.Q4.duplicates !== 'rebalance') assertRepeated(t, again)
}

export const cases: readonly Case[] = [
  {
    clause: 'Q4',
    name: 'what was acked does not come back to the next consumer',
    async run(t) {
      const name = t.name('acked')
      const working = await t.connect()
      const inbox = t.inbox<number>()
      const worker = await working.queue<number>(name).consume(inbox.handler, { concurrency: 5 })
      await t.broker.queue<number>(name).sendAll(numbers(30).map((body) => ({ body })))
      await t.until('all are acked', () => new Set(inbox.bodies).size === 30 && worker.stats.unsettled === 0)
      await working.close()

      const next = t.inbox<number>()
      await t.broker.queue<number>(name).consume(next.handler)
      await t.quiet(400)
      assertRepeated(t, next.bodies)
      assertOnce(t, inbox.bodies, numbers(30))
      const again = new Set([...next.bodies, ...inbox.bodies.filter((body, at) => inbox.bodies.indexOf(body) < at)])
      assert.ok(again.size < 30, 'each came again: that is not rare')
    },
  },
  {
    clause: 'Q4',
    name: 'an ack that was confirmed outlives a close at once',
    async run(t) {
      const name = t.name('close')
      const working = await t.connect()
      const acked: number[] = []
      const inbox = t.inbox<number>(async (delivery) => {
        await delivery.ack()
        acked.push(delivery.body)
      })
      await working.queue<number>(name).consume(inbox.handler, { concurrency: 5 })
      await t.broker.queue<number>(name).sendAll(numbers(20).map((body) => ({ body })))
      await t.until('some are acked', () => acked.length >= 5)
      await working.close({ drainMs: 0 })
      const before = new Set(acked)

      const next = t.inbox<number>()
      await t.broker.queue<number>(name).consume(next.handler)
      await t.until('each was handled', () => new Set([...before, ...next.bodies]).size === 20)
      await t.quiet()
      assertNotAgain(
        t,
        next.bodies.filter((body) => before.has(body)),
      )
    },
  },
  {
    clause: 'Q4',
    name: 'acked out of order, around one that nobody settled: only that one comes again',
    async run(t) {
      const name = t.name('around')
      const working = await t.connect()
      const held = gate()
      const acked = new Set<number>()
      const inbox = t.inbox<number>(async (delivery) => {
        if (delivery.body === 0) await held.pass(delivery)
        await delivery.ack()
        acked.add(delivery.body)
      })
      await working.queue<number>(name).consume(inbox.handler, { concurrency: 4 })
      for (const body of numbers(10)) await t.broker.queue<number>(name).send(body)
      await t.until('the neighbours are acked', () => acked.size === 9)
      await working.close({ drainMs: 0 })

      const next = t.inbox<number>()
      await t.broker.queue<number>(name).consume(next.handler)
      await t.until('the held one comes again', () => next.bodies.includes(0))
      await t.quiet()
      assertNotAgain(
        t,
        next.bodies.filter((body) => body !== 0),
      )
    },
  },
  {
    clause: 'Q4',
    name: 'what was acked does not come back after a restart of the broker',
    needs: ['restart'],
    timeoutMs: 120_000,
    async run(t) {
      const queue = t.broker.queue<number>(t.name('restart'))
      const acked = new Set<number>()
      const inbox = t.inbox<number>(async (delivery) => {
        await delivery.ack()
        acked.add(delivery.body)
      })
      await queue.consume(inbox.handler, { concurrency: 4 })
      await queue.sendAll(numbers(20).map((body) => ({ body })))
      await t.until('all are acked', () => acked.size === 20)
      // An ack that is only written (D1) is on its way for a moment, and nobody says when it has arrived.
      if (t.capabilities.D1.evidence !== 'confirmed') await t.quiet()
      const before = inbox.bodies.length
      await t.harness.restart?.()
      await queue.send(20, { timeoutMs: 60_000 })
      await t.until('it goes on', () => acked.has(20), 60_000)
      await t.quiet()
      assertNotAgain(
        t,
        inbox.bodies.slice(before).filter((body) => body !== 20),
      )
    },
  },
]
