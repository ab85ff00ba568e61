import assert from 'node:assert/strict'
import { virtualTime } from '@anybroker/testkit'
import { connect, type Delivery } from 'anybroker'
import type { Case, Context } from '../../case.ts'
import { drive } from '../kit/drive.ts'
import { gate } from '../kit/gate.ts'
import { assertAttempt, assertEach, assertExhausted, isCount, steady } from '../kit/grades.ts'
import { readLetters } from '../kit/letters.ts'
import { quick } from '../kit/quick.ts'
import { refusedAfterClose } from '../kit/refused-after-close.ts'
import { take } from '../kit/take.ts'
import { scriptedDriver } from './scripted-driver.ts'

const MINUTE_MS = 60_000
const PORTABLE_BYTES = 180 * 1024

/** How many deliveries a consumer with handlers that never end has in hand at most, when more than enough wait. */
async function mostInHand(
  t: Context,
  concurrency: number | undefined,
  messages: number,
  reached: number,
): Promise<number> {
  const queue = t.broker.queue<number>(t.name())
  await queue.sendAll(Array.from({ length: messages }, (_, index) => ({ body: index })))
  const held = gate(t)
  const worker = await queue.consume(() => held.opened, concurrency === undefined ? {} : { concurrency })
  let most = 0
  const look = () => {
    most = Math.max(most, worker.stats.unsettled)
    return most >= reached
  }
  await t.until(`${reached} are in hand`, look, 15_000)
  await t.quiet()
  look()
  await t.quiet()
  look()
  held.open()
  return most
}

export const consuming: readonly Case[] = [
  {
    clause: 'default',
    name: 'concurrency: 1',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      let running = 0
      let most = 0
      const inbox = t.inbox<string>(async () => {
        running += 1
        most = Math.max(most, running)
        await t.quiet(20)
        running -= 1
      })
      const worker = await queue.consume(inbox.handler)
      await queue.sendAll(Array.from({ length: 5 }, (_, index) => ({ body: `${index}` })))
      await inbox.count(5)
      assert.equal(most, 1)
      assert.ok(worker.stats.running <= 1)
    },
  },
  {
    clause: 'default',
    name: 'maxUnsettled: at least 20',
    run: async (t) => {
      assert.equal(await mostInHand(t, undefined, 30, 20), 20)
    },
  },
  {
    clause: 'default',
    name: 'maxUnsettled: twice the concurrency',
    run: async (t) => {
      assert.equal(await mostInHand(t, 15, 45, 30), 30)
    },
  },
  {
    clause: 'default',
    name: 'maxUnsettled: at most 1,000',
    needs: ['virtualTime'],
    run: async (t) => {
      assert.equal(await mostInHand(t, 600, 1_100, 1_000), 1_000)
    },
  },
  {
    clause: 'default',
    name: 'maxUnsettled: 16 MiB fetched beyond what runs, however much waits',
    needs: ['virtualTime'],
    run: async (t) => {
      const queue = t.broker.queue<Uint8Array>(t.name(), { codec: 'bytes' })
      const body = new Uint8Array(PORTABLE_BYTES)
      await queue.sendAll(Array.from({ length: 250 }, () => ({ body })))
      const held = gate(t)
      const worker = await queue.consume(() => held.opened, { concurrency: 1, maxUnsettled: 1_000 })
      const fits = Math.floor((16 * 1024 * 1024) / PORTABLE_BYTES)
      await t.until('it fetched what it may', () => worker.stats.unsettled >= fits - 1, 15_000)
      await t.quiet()
      await t.quiet()
      assert.ok(worker.stats.unsettled <= fits + 10, `${worker.stats.unsettled} messages of 180 KiB are in hand`)
      held.open()
    },
  },
  {
    clause: 'default',
    name: 'retry.maxAttempts: 10, the first included',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const inbox = t.inbox<string>(() => {
        throw new Error('no')
      })
      await queue.consume(inbox.handler, { retry: { backoff: { initialMs: 10, factor: 1, jitter: 0 } } })
      await queue.send('a')
      const [letter] = await readLetters(t, queue, 1)
      assert.equal(letter?.dead?.reason, 'max-attempts')
      assertAttempt(t, letter?.dead?.attempts ?? 0, 10)
      assertExhausted(
        t,
        inbox.deliveries.map((delivery) => delivery.attempt),
        10,
      )
    },
  },
  {
    clause: 'default',
    name: 'backoff: 1 s × 2ⁿ⁻¹, at most 60 s, jitter 0 to +20 %, never early',
    needs: ['virtualTime'],
    run: async (t) => {
      const virtual = t.virtual()
      const broker = await drive(virtual, virtual.connect())
      const queue = broker.queue<string>(t.name())
      const at: number[] = []
      await drive(
        virtual,
        queue.consume(() => {
          at.push(virtual.now())
          throw new Error('no')
        }),
      )
      await drive(virtual, queue.send('a'))
      for (let step = 0; step < 400 && at.length < 10; step += 1) await virtual.advance(1_000)
      // What the service repeats once it is dead begins another row of them.
      assert.ok(isCount(broker, at.length, 10), `${at.length} attempts of ten`)
      const gaps = at.slice(1, 10).map((time, index) => time - (at[index] ?? time))
      const expected = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]
      for (const [index, base] of expected.entries()) {
        const gap = gaps[index] ?? 0
        assert.ok(gap >= base, `attempt ${index + 2} came ${gap} ms after the one before, ${base} are due`)
        assert.ok(
          gap <= base * 1.2 + 50,
          `attempt ${index + 2} came ${gap} ms after the one before: more than a fifth late`,
        )
      }
      assert.ok(
        gaps.some((gap, index) => gap > (expected[index] ?? 0) * 1.01),
        'there is no jitter at all',
      )
    },
  },
  {
    clause: 'default',
    name: 'onRetry: block, where ordered',
    when: ({ capabilities: { O1, O2 } }) => (O1.grade !== 'none' && O2.grade !== 'none') || 'O1 or O2 is graded none',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name(), { ordering: 'key' })
      const failed = new Set<string>()
      const done: string[] = []
      const inbox = t.inbox<string>((delivery) => {
        if (delivery.body === 'first' && !failed.has(delivery.id)) {
          failed.add(delivery.id)
          throw new Error('not yet')
        }
        done.push(delivery.body)
      })
      await queue.consume(inbox.handler, { concurrency: 4, retry: { backoff: { initialMs: 200, jitter: 0 } } })
      await queue.send('first', { key: 'k' })
      await queue.send('second', { key: 'k' })
      await t.until('both are done', () => done.includes('first') && done.includes('second'))
      assert.ok(done.indexOf('first') < done.indexOf('second'), `done in this order: ${done.join(', ')}`)
    },
  },
  {
    clause: 'default',
    name: 'exhausted: dead-letter',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const dropped: unknown[] = []
      t.after(t.broker.on('dropped', (facts) => dropped.push(facts)))
      const worker = await queue.consume(
        () => {
          throw new Error('no')
        },
        { retry: quick },
      )
      const { id } = await queue.send('a')
      const [letter] = await readLetters(t, queue, 1)
      assert.equal(letter?.id, id)
      assert.equal(worker.stats.dropped, 0)
      assert.deepEqual(dropped, [])
    },
  },
  {
    clause: 'default',
    name: 'lease: 30 s, renewed every 10 s from receipt on',
    needs: ['virtualTime'],
    run: async (t) => {
      const time = virtualTime()
      const scripted = scriptedDriver({})
      const broker = await connect(scripted.driver, { runtime: time.runtime })
      const held = gate(t)
      await time.until(broker.queue('orders').consume(() => held.opened))
      assert.deepEqual(scripted.leases, [30_000])
      const from = time.now()
      // The second waits for a slot all the time: it is renewed from its receipt, not from the start of its handler.
      scripted.deliver()
      scripted.deliver()
      await time.advance(MINUTE_MS)
      const rounds = Map.groupBy(scripted.renewals, ({ at }) => at - from)
      assert.deepEqual([...rounds.keys()], [10_000, 20_000, 30_000, 40_000, 50_000, 60_000])
      for (const [at, renewals] of rounds) {
        assert.equal(
          renewals.reduce((sum, { count }) => sum + count, 0),
          2,
          `both are renewed after ${at} ms`,
        )
        assert.ok(renewals.every(({ leaseMs }) => leaseMs === 30_000))
      }
      held.open()
      await time.until(broker.close({ drainMs: 0 }))
    },
  },
  {
    clause: 'default',
    name: 'lease: a handler of ten minutes keeps its message',
    needs: ['virtualTime'],
    run: async (t) => {
      const virtual = t.virtual()
      const broker = await drive(virtual, virtual.connect())
      const other = await drive(virtual, virtual.connect())
      const name = t.name()
      const held = gate(t)
      const inbox = t.inbox<string>(() => held.opened)
      const worker = await drive(virtual, broker.queue<string>(name).consume(inbox.handler))
      await drive(virtual, broker.queue<string>(name).send('a'))
      await virtual.advance(100)
      const thief = t.inbox<string>()
      await drive(virtual, other.queue<string>(name).consume(thief.handler))
      await virtual.advance(10 * MINUTE_MS)
      assert.deepEqual(thief.bodies, [])
      assert.equal(inbox.deliveries.length, 1)
      assert.equal(inbox.deliveries[0]?.signal.aborted, false)
      held.open()
      await virtual.advance(1_000)
      assert.ok(isCount(broker, worker.stats.acked, 1), 'it is acked')
      await virtual.advance(MINUTE_MS)
      assertEach(broker, [...inbox.bodies, ...thief.bodies], ['a'], 'one had it')
    },
  },
  {
    clause: 'default',
    name: 'maxHandlerMs: 15 min, then the signal aborts, the lease ends and the attempt counts',
    needs: ['virtualTime'],
    run: async (t) => {
      const virtual = t.virtual()
      const broker = await drive(virtual, virtual.connect())
      const queue = broker.queue<string>(t.name())
      const held = gate(t)
      let handled = 0
      const inbox = t.inbox<string>(() => {
        handled += 1
        return handled === 1 ? held.opened : undefined
      })
      await drive(virtual, queue.consume(inbox.handler, { concurrency: 2 }))
      await drive(virtual, queue.send('a'))
      await virtual.advance(100)
      const [first] = inbox.deliveries
      assert.ok(first !== undefined)
      const { signal } = first
      await virtual.advance(15 * MINUTE_MS - 1_000)
      assert.equal(signal.aborted, false, 'the signal aborted before 15 min')
      await virtual.advance(1_000)
      assert.equal(signal.aborted, true, 'the signal did not abort after 15 min')
      await t.rejects(first.ack(), 'LEASE_LOST')
      await virtual.advance(MINUTE_MS)
      const [, second] = inbox.deliveries
      assert.ok(second !== undefined, 'it did not come again')
      assertAttempt(broker, second.attempt, 2)
      held.open()
    },
  },
  {
    clause: 'default',
    name: 'a handler settles, then throws or returns: the settle stands, and throwing is an event',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name(), { retry: quick })
      const events: string[] = []
      t.after(t.broker.on('thrownAfterSettle', ({ id }) => events.push(id)))
      const inbox = t.inbox<string>(async (delivery) => {
        if (delivery.body.startsWith('ack')) await delivery.ack()
        else await delivery.reject()
        if (delivery.body.endsWith('throw')) throw new Error('after the settle')
      })
      await queue.consume(inbox.handler)
      const bodies = ['ack, return', 'ack, throw', 'reject, return', 'reject, throw']
      const sent = await queue.sendAll(bodies.map((body) => ({ body })))
      const letters = await readLetters(t, queue, 2)
      assert.deepEqual(new Set(letters.map((letter) => letter.body)), new Set(['reject, return', 'reject, throw']))
      assertEach(t, inbox.bodies, bodies, 'each was handed out once')
      const thrown = sent.filter((_, index) => bodies[index]?.endsWith('throw')).map(({ id }) => id)
      await t.until('both events came', () => thrown.every((id) => events.includes(id)))
      assert.ok(events.every((id) => thrown.includes(id)))
    },
  },
  {
    clause: 'default',
    name: 'a batch handler throws: only what it left unsettled is retried',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const seen: string[] = []
      const failed = new Set<string>()
      await queue.sendAll(['acked', 'rejected', 'left', 'left, too'].map((body) => ({ body })))
      await queue.consumeBatch(
        async (deliveries) => {
          for (const delivery of deliveries) seen.push(delivery.body)
          const fresh = deliveries.filter((delivery) => !failed.has(delivery.id))
          for (const delivery of fresh) {
            failed.add(delivery.id)
            if (delivery.body === 'acked') await delivery.ack()
            if (delivery.body === 'rejected') await delivery.reject()
          }
          if (fresh.length > 0) throw new Error('the rest again, please')
        },
        { retry: { backoff: { initialMs: 20, jitter: 0 } } },
      )
      const times = (body: string) => seen.filter((each) => each === body).length
      await t.until('the rest comes again', () => times('left') >= 2 && times('left, too') >= 2)
      const letters = await readLetters(t, queue, 1)
      assert.deepEqual(
        letters.map((letter) => letter.body),
        ['rejected'],
      )
      // How they fell into batches decides how often what was left came.
      if (steady(t)) assert.deepEqual([times('acked'), times('rejected')], [1, 1])
    },
  },
  {
    clause: 'default',
    name: 'a receive() loop never acks by itself: what it only looked at comes again elsewhere',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const bodies = ['a', 'b', 'c']
      await queue.sendAll(bodies.map((body) => ({ body })))
      const loop = queue.receive()
      const seen: string[] = []
      for await (const delivery of loop) {
        seen.push(delivery.body)
        if (new Set(seen).size === bodies.length) break
      }
      assert.equal(loop.stats.acked, 0)
      await loop.close()
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await t.until('all come again', () => bodies.every((body) => inbox.bodies.includes(body)), 10_000)
    },
  },
  {
    clause: 'default',
    name: 'after break what was handed out stays out until it is settled, and what was not goes back',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      await queue.sendAll([{ body: 'a' }, { body: 'b' }, { body: 'c' }])
      const loop = queue.receive()
      const mine: Delivery<string>[] = []
      for await (const delivery of loop) {
        mine.push(delivery)
        break
      }
      const [held] = mine
      assert.ok(held !== undefined)
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      const rest = ['a', 'b', 'c'].filter((body) => body !== held.body)
      await t.until('the rest goes elsewhere', () => rest.every((body) => inbox.bodies.includes(body)), 10_000)
      await t.quiet(500)
      assert.ok(!inbox.bodies.includes(held.body), 'what was handed out did not stay out')
      await held.ack()
      await loop.close()
      await t.quiet()
      // Once it was acked, the service itself may repeat it.
      const mayRepeat = t.capabilities.Q4.duplicates !== 'none'
      const elsewhere = inbox.bodies.filter((body) => !mayRepeat || body !== held.body)
      assertEach(t, elsewhere, rest, 'what went elsewhere')
    },
  },
  {
    clause: 'default',
    name: 'after break what was handed out goes back when the loop is closed',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      await queue.send('a')
      const loop = queue.receive()
      const delivery = await take(t, loop[Symbol.asyncIterator]())
      await loop.close()
      await refusedAfterClose(t, loop, delivery.ack())
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await inbox.count(1, 10_000)
    },
  },
  {
    clause: 'default',
    name: 'expired: dropped with an event, not dead-lettered',
    needs: ['virtualTime'],
    run: async () => {
      const time = virtualTime()
      const sent: string[] = []
      const scripted = scriptedDriver({
        send: async ({ id }) => {
          sent.push(id)
          return { as: 'confirmed', evidence: 'by the script' }
        },
      })
      const broker = await connect(scripted.driver, { runtime: time.runtime })
      const events: unknown[] = []
      broker.on('expired', (facts) => events.push(facts))
      const handled: string[] = []
      const worker = await time.until(broker.queue('orders').consume(({ id }) => handled.push(id)))
      const now = time.runtime.wallNow()
      scripted.deliver({ id: 'expired', expiresAt: now - 1 })
      scripted.deliver({ id: 'expires-now', expiresAt: now })
      scripted.deliver({ id: 'expires-later', expiresAt: now + MINUTE_MS })
      await time.advance(1_000)
      assert.deepEqual(handled, ['expires-later'])
      assert.deepEqual(events, [
        { source: 'orders', id: 'expired' },
        { source: 'orders', id: 'expires-now' },
      ])
      assert.deepEqual(sent, [], 'a dead letter was sent')
      assert.equal(worker.stats.expired, 2)
      assert.equal(worker.stats.deadLettered, 0)
      await time.until(broker.close({ drainMs: 0 }))
    },
  },
  {
    clause: 'default',
    name: 'undecodable or invalid: dead letter at once, at the first attempt',
    run: async (t) => {
      const elsewhere = await t.connect()
      const queue = t.broker.queue<number>(t.name(), {
        schema: {
          '~standard': {
            version: 1,
            vendor: 'conformance',
            validate: (value) =>
              typeof value === 'number' ? { value } : { issues: [{ message: 'must be a number' }] },
          },
        },
      })
      const inbox = t.inbox<number>()
      const worker = await queue.consume(inbox.handler)
      const bytes = elsewhere.queue<Uint8Array>(queue.name, { codec: 'bytes' })
      const undecodable = await bytes.send(new TextEncoder().encode('{'))
      const invalid = await bytes.send(new TextEncoder().encode('"text"'))
      const letters = await readLetters(t, queue, 2)
      const reasons = new Map(letters.map((letter) => [letter.id, letter.dead?.reason]))
      assert.equal(reasons.get(undecodable.id), 'undecodable')
      assert.equal(reasons.get(invalid.id), 'invalid')
      for (const letter of letters) assertAttempt(t, letter.dead?.attempts ?? 0, 1)
      assert.equal(worker.stats.retried, 0)
      assert.deepEqual(inbox.bodies, [])
    },
  },
]
