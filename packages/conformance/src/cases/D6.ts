import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { BrokerError, type BrokerEvents, type Delivery } from 'anybroker'
import type { Case, Context } from '../case.ts'
import { cut } from './kit/cut.ts'
import { aborted, gate } from './kit/gate.ts'
import { assertAttempt, assertEach, steady } from './kit/grades.ts'
import { assertNoLetters } from './kit/letters.ts'
import { quick } from './kit/quick.ts'
import { stoppableRuntime } from './kit/stoppable-runtime.ts'
import { takeThese } from './kit/take.ts'

/** After a cut: reconnecting, and a lease that the broker still believes in. */
const AFTER_A_CUT_MS = 20_000
/** Longer than the shortest lease, and than a broker may take to notice its end. */
const STOOD_STILL_MS = 2_500

export const cases: readonly Case[] = [
  {
    clause: 'D6',
    name: 'what has had its time cannot be acked, and comes again',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('late'), { retry: quick })
      const late: { readonly signal: AbortSignal; readonly ack: unknown }[] = []
      const inbox = t.inbox<string>(async (delivery) => {
        if (inbox.deliveries.length > 1) return
        await aborted(delivery.signal)
        late.push({ signal: delivery.signal, ack: await outcome(delivery.ack()) })
      })
      const worker = await queue.consume(inbox.handler, { maxHandlerMs: 300 })
      await queue.send('slow')
      const [, second] = await inbox.count(2)
      await t.until('the second was acked', () => worker.stats.acked >= 1)
      assert.deepEqual(
        late.map(({ signal, ack }) => [signal.aborted, ack]),
        [[true, 'LEASE_LOST']],
      )
      assertAttempt(t, second?.attempt ?? 0, 2)
      await t.quiet()
      assertEach(t, inbox.bodies, ['slow', 'slow'], 'the late ack settled nothing')
    },
  },
  {
    clause: 'D6',
    name: 'what went with its connection cannot be settled by any verb, and comes again',
    needs: ['breakConnection'],
    timeoutMs: 60_000,
    async run(t) {
      const queue = t.broker.queue<string>(t.name('stale'), { retry: quick })
      const verbs = ['ack', 'retry', 'reject'] as const
      await queue.sendAll(verbs.map((body) => ({ body })))
      const loop = queue.receive({ leaseMs: 1_000 })
      const deliveries = loop[Symbol.asyncIterator]()
      const hand = await takeThese<string>(t, deliveries, verbs)
      const { signal } = hand.of('ack')
      assert.equal(signal.aborted, false)
      if (!(await cut(t, t.broker))) return settlesAll(t, hand.all)

      await t.within(aborted(signal), 'the signal of what was lost aborts')
      assert.equal(hand.of('retry').signal.aborted, true, 'also one that is first read now')
      for (const verb of verbs) await t.rejects(hand.of(verb)[verb](), 'LEASE_LOST')
      assert.ok(loop.stats.lost >= 3, `${loop.stats.lost} were counted as lost`)

      const again = await t.within(takeThese<string>(t, deliveries, verbs), 'all of them again', AFTER_A_CUT_MS)
      for (const delivery of again.all) await t.within(delivery.ack(), `the ack of the second ${delivery.body}`)
      await loop.close()
      await assertNoLetters(t, queue)
    },
  },
  {
    clause: 'D6',
    name: 'a late ack never settles the message that came in its place',
    needs: ['breakConnection'],
    timeoutMs: 60_000,
    async run(t) {
      const name = t.name('place')
      const queue = t.broker.queue<string>(name, { retry: quick })
      const bodies = ['a', 'b', 'c', 'd']
      await queue.sendAll(bodies.map((body) => ({ body })))
      const loop = queue.receive({ leaseMs: 1_000 })
      const deliveries = loop[Symbol.asyncIterator]()
      const before = await takeThese(t, deliveries, bodies)
      if (!(await cut(t, t.broker))) return settlesAll(t, before.all)

      // The new connection counts its deliveries from the beginning: the old receipts now look like those of others.
      const after = await t.within(takeThese(t, deliveries, bodies), 'all of them again', AFTER_A_CUT_MS)
      for (const delivery of before.all) await t.rejects(delivery.ack(), 'LEASE_LOST')
      for (const delivery of after.all) assert.equal(delivery.signal.aborted, false, `${delivery.body} is in hand`)
      await t.within(loop.close({ drainMs: 0 }), 'the close of the loop', 7_000)

      const inbox = t.inbox<string>()
      const other = await t.connect()
      await other.queue<string>(name).consume(inbox.handler)
      await t.until('none was settled', () => bodies.every((body) => inbox.bodies.includes(body)), AFTER_A_CUT_MS)
      await t.quiet()
      assertEach(t, inbox.bodies, bodies, 'each came back once')
    },
  },
  {
    clause: 'D6',
    name: 'a handler that outlives its delivery settles nothing, and is told of',
    needs: ['breakConnection'],
    timeoutMs: 60_000,
    async run(t) {
      const name = t.name('outlives')
      const queue = t.broker.queue<string>(name, { retry: quick })
      const lost: BrokerEvents['lost'][] = []
      t.broker.on('lost', (facts) => lost.push(facts))
      const hold = gate(t)
      const inbox = t.inbox<string>(async () => {
        if (inbox.deliveries.length === 1) await hold.opened
      })
      const worker = await queue.consume(inbox.handler, { concurrency: 1, leaseMs: 1_000 })
      await queue.send('slow')
      await inbox.count(1)
      if (await cut(t, t.broker)) {
        await t.until('the loss is told', () => lost.some(({ source }) => source === name))
        // It ends only now, in the middle of nothing; then its message comes again.
        hold.open()
        await inbox.count(2, AFTER_A_CUT_MS)
        await t.until('the second was acked', () => worker.stats.acked >= 1)
        assert.ok(worker.stats.lost >= 1, 'counted')
        assert.equal(worker.stats.unsettled, 0)
      } else {
        hold.open()
        await t.until('it was acked', () => worker.stats.acked >= 1)
      }
      await t.quiet()
      if (steady(t)) assert.equal(worker.stats.acked, 1, 'one ack')
      await assertNoLetters(t, queue)
    },
  },
  {
    clause: 'D6',
    name: 'an ack after the process stood still is an ack, or LEASE_LOST and the message comes again',
    timeoutMs: 60_000,
    async run(t) {
      const name = t.name('stood-still')
      const time = stoppableRuntime()
      t.after(time.go)
      const still = await t.connect({ runtime: time.runtime })
      const queue = still.queue<string>(name, { retry: quick })
      const bodies = ['a', 'b', 'c']
      await queue.sendAll(bodies.map((body) => ({ body })))
      const loop = queue.receive({ leaseMs: 1_000 })
      const deliveries = loop[Symbol.asyncIterator]()
      const hand = await takeThese(t, deliveries, bodies)

      // Nothing renews their leases while another consumer waits for them, longer than leases and their margins.
      time.stop()
      const inbox = t.inbox<string>()
      await t.broker.queue<string>(name).consume(inbox.handler)
      await sleep(STOOD_STILL_MS)
      const acks = hand.all.map((delivery) => ({ body: delivery.body, ack: outcome(delivery.ack()) }))
      time.go()

      const kept: string[] = []
      for (const { body, ack } of acks) {
        const settled = await t.within(ack, `the late ack of ${body}`, 15_000)
        assert.ok(settled === 'ok' || settled === 'LEASE_LOST', `the late ack of ${body}: ${String(settled)}`)
        if (settled === 'ok') kept.push(body)
      }
      await t.within(loop.close({ drainMs: 0 }), 'the close of the loop', 7_000)
      const lost = bodies.filter((body) => !kept.includes(body))
      await t.until('what was lost comes to the other', () => lost.every((body) => inbox.bodies.includes(body)), 20_000)
      await t.quiet()
      assertEach(t, inbox.bodies, lost, 'what was acked late is gone, what was not came to the other, once', kept)
    },
  },
]

/** Where a cut connection costs no delivery: each can be settled as if nothing had been, and none comes again. */
async function settlesAll(t: Context, hand: readonly Delivery<string>[]): Promise<void> {
  for (const delivery of hand) {
    assert.equal(delivery.signal.aborted, false)
    await t.within(delivery.ack(), `the ack of ${delivery.body}, which outlived the cut`)
  }
}

/** `ok`, the code of the error, or what else it rejected with. */
async function outcome(promise: Promise<void>): Promise<unknown> {
  const [settled] = await Promise.allSettled([promise])
  if (settled.status === 'fulfilled') return 'ok'
  return settled.reason instanceof BrokerError ? settled.reason.code : settled.reason
}
