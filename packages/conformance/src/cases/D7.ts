import assert from 'node:assert/strict'
import { setTimeout as work } from 'node:timers/promises'
import type { Case } from '../case.ts'
import { whenNone } from '../when.ts'
import { drive } from './kit/drive.ts'
import { aborted, gate } from './kit/gate.ts'
import { assertAttempt, assertEach, isCount, steady, untilEach } from './kit/grades.ts'
import { readLetters } from './kit/letters.ts'
import { quick } from './kit/quick.ts'
import { takeThese } from './kit/take.ts'
import { whileAwake } from './kit/while-awake.ts'

/** A short lease, and work that takes more than two of it: work, not a wait for something to happen. */
const LEASE_MS = 1_500
const SLOW_MS = 3_500
const MINUTE_MS = 60_000

export const cases: readonly Case[] = [
  {
    clause: 'D7',
    name: 'a handler that takes longer than the lease keeps its message from others',
    timeoutMs: 40_000,
    run: (t) =>
      whileAwake(t, LEASE_MS / 2, async () => {
        const name = t.name('slow')
        const inbox = t.inbox<string>(() => work(SLOW_MS))
        const worker = await t.broker
          .queue<string>(name, { retry: quick })
          .consume(inbox.handler, { leaseMs: LEASE_MS })
        await t.broker.queue<string>(name).send('slow')
        const [delivery] = await inbox.count(1)
        // Opened now, so that it can only have what the first one lost.
        const others = t.inbox<string>()
        const other = await t.connect()
        await other.queue<string>(name).consume(others.handler)
        await t.until('it is acked', () => worker.stats.acked >= 1 || others.bodies.length > 0, 10_000)
        if (steady(t)) assert.deepEqual([delivery?.signal.aborted, worker.stats.lost], [false, 0])
        await t.quiet(500)
        assertEach(t, [...inbox.bodies, ...others.bodies], ['slow'], 'handled once')
      }),
  },
  {
    clause: 'D7',
    name: 'leases are renewed from receipt: what waits in hand is not lost before its handler begins',
    timeoutMs: 40_000,
    run: (t) =>
      whileAwake(t, LEASE_MS / 2, async () => {
        const name = t.name('waits')
        const queue = t.broker.queue<string>(name, { retry: quick })
        await queue.sendAll(['a', 'b', 'c'].map((body) => ({ body })))
        // What the service repeats takes no time: it would keep the others waiting.
        const began = new Set<string>()
        const inbox = t.inbox<string>(async ({ body }) => {
          if (began.has(body)) return
          began.add(body)
          await work(1_200)
        })
        const worker = await queue.consume(inbox.handler, { concurrency: 1, maxUnsettled: 10, leaseMs: LEASE_MS })
        await untilEach(t, () => inbox.bodies, ['a', 'b', 'c'], 10_000)
        await t.until('all acked', () => worker.stats.acked >= 3, 10_000)
        if (steady(t)) assert.equal(worker.stats.lost, 0)
        await t.quiet(500)
        assertEach(t, inbox.bodies, ['a', 'b', 'c'], 'each was handled once')
      }),
  },
  {
    clause: 'D7',
    name: 'what a loop has handed out keeps its lease until it is settled, also after a break',
    timeoutMs: 40_000,
    run: (t) =>
      whileAwake(t, LEASE_MS / 2, async () => {
        const name = t.name('loop')
        const queue = t.broker.queue<string>(name, { retry: quick })
        await queue.sendAll(['a', 'b'].map((body) => ({ body })))
        const loop = queue.receive({ leaseMs: LEASE_MS })
        const deliveries = loop[Symbol.asyncIterator]()
        const hand = await takeThese(t, deliveries, ['a', 'b'])
        await deliveries.return?.()
        const others = t.inbox<string>()
        const other = await t.connect()
        await other.queue<string>(name).consume(others.handler)
        await work(SLOW_MS)
        const lost = hand.all.filter((delivery) => delivery.signal.aborted).map(({ body }) => body)
        if (steady(t)) assert.deepEqual(lost, [], 'in hand all the time')
        const kept = hand.all.filter(({ body }) => !lost.includes(body))
        for (const delivery of kept) await t.within(delivery.ack(), `the ack of ${delivery.body}`)
        await t.quiet(500)
        const acked = kept.map(({ body }) => body)
        assertEach(t, others.bodies, lost, 'what was kept did not come to another', acked)
      }),
  },
  {
    clause: 'D7',
    name: 'a message that waits for its retry in hand is not lost to another',
    timeoutMs: 40_000,
    run: (t) =>
      whileAwake(t, LEASE_MS / 2, async () => {
        const name = t.name('held')
        const queue = t.broker.queue<string>(name)
        const inbox = t.inbox<string>(async (delivery) => {
          if (inbox.deliveries.length === 1) await delivery.retry({ delayMs: SLOW_MS })
        })
        const worker = await queue.consume(inbox.handler, { leaseMs: LEASE_MS })
        await queue.send('held')
        await inbox.count(1)
        const began = performance.now()
        const [, second] = await inbox.count(2, 10_000)
        const lost = !steady(t) && worker.stats.lost > 0
        assert.ok(performance.now() - began > SLOW_MS - 100 || lost, 'not before its time')
        assertAttempt(t, second?.attempt ?? 0, 2)
        await t.quiet(500)
        assertEach(t, inbox.bodies, ['held', 'held'], 'delivered twice, and no more')
      }),
  },
  {
    clause: 'D7',
    name: 'after maxHandlerMs the signal aborts, and a handler that ends then has used up its attempt',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('enough'), { retry: { ...quick, maxAttempts: 2 } })
      const times: number[] = []
      const inbox = t.inbox<string>(async (delivery) => {
        const began = performance.now()
        await aborted(delivery.signal)
        times.push(performance.now() - began)
        throw delivery.signal.reason
      })
      const worker = await queue.consume(inbox.handler, { maxHandlerMs: 400 })
      await queue.send('endless')
      await t.until('it is dead', () => worker.stats.deadLettered >= 1)
      for (const ms of times) assert.ok(ms >= 390, `the signal aborted after ${ms} ms`)
      const [letter] = await readLetters(t, queue, 1)
      assert.equal(letter?.body, 'endless')
      assert.equal(letter.dead?.reason, 'max-attempts')
    },
  },
  {
    clause: 'D7',
    name: 'a handler that hangs for ever costs its message, not the consumer',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('hangs'), { retry: { ...quick, maxAttempts: 2 } })
      const forever = gate(t)
      const inbox = t.inbox<string>(async (delivery) => {
        // It does not even look at its signal.
        if (delivery.body === 'hangs') await forever.opened
      })
      const worker = await queue.consume(inbox.handler, { concurrency: 1, maxHandlerMs: 400 })
      await queue.send('hangs')
      await inbox.count(1)
      await queue.sendAll(['a', 'b', 'c'].map((body) => ({ body })))
      await t.until('the others flow', () => ['a', 'b', 'c'].every((body) => inbox.bodies.includes(body)))
      await t.until('it is dead', () => worker.stats.deadLettered >= 1)
      const [letter] = await readLetters(t, queue, 1)
      assert.equal(letter?.body, 'hangs')
    },
  },
  {
    clause: 'D7',
    name: 'a handler of fourteen minutes keeps its message, one of fifteen has had its time',
    needs: ['virtualTime'],
    async run(t) {
      const virtual = t.virtual()
      const broker = await drive(virtual, virtual.connect())
      const queue = broker.queue<string>(t.name('minutes'), { retry: quick })
      const done = gate(t)
      const inbox = t.inbox<string>(async (delivery) => {
        if (delivery.body === 'fourteen') await done.opened
        else if (inbox.bodies.filter((body) => body === 'fifteen').length === 1) await aborted(delivery.signal)
      })
      const worker = await drive(virtual, queue.consume(inbox.handler, { concurrency: 2 }))
      await drive(virtual, queue.sendAll([{ body: 'fourteen' }, { body: 'fifteen' }]))
      await virtual.advance(14 * MINUTE_MS)
      const signals = new Map(inbox.deliveries.map((delivery) => [delivery.body, delivery.signal]))
      assert.equal(inbox.deliveries.length, 2, 'neither was handed out again')
      assert.deepEqual([signals.get('fourteen')?.aborted, signals.get('fifteen')?.aborted], [false, false])
      done.open()
      await virtual.advance(0)
      assert.ok(isCount(broker, worker.stats.acked, 1), `${worker.stats.acked} are acked`)
      // And the moment that it may have come later than it was sent.
      await virtual.advance(MINUTE_MS + 1_000)
      assert.equal(signals.get('fifteen')?.aborted, true, 'its time is over')
      await virtual.advance(MINUTE_MS)
      assertEach(t, inbox.bodies, ['fourteen', 'fifteen', 'fifteen'], 'and it was handed out again')
      assert.equal(worker.stats.lost, 0, 'the broker took nothing back')
    },
  },
  {
    clause: 'D7',
    name: 'where no lease can be renewed, asking for a time beyond it is UNSUPPORTED',
    when: whenNone('D7'),
    async run(t) {
      const queue = t.broker.queue<string>(t.name('none'))
      await t.rejects(
        queue.consume(() => {}, { leaseMs: LEASE_MS, maxHandlerMs: MINUTE_MS }),
        'UNSUPPORTED',
      )
    },
  },
]
