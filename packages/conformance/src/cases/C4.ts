import assert from 'node:assert/strict'
import { BrokerError } from '@anybroker/driver'
import type { Broker } from 'anybroker'
import type { Case, Context } from '../case.ts'
import { arrivals } from './kit/arrivals.ts'
import { cut } from './kit/cut.ts'
import { gate } from './kit/gate.ts'

/** A broker that is back takes that long at most to be found: the cap of the reconnect backoff, and the way there. */
const BACK_MS = 15_000

/** What a broker object says of its connection. */
function watched(t: Context, broker: Broker): readonly string[] {
  const events: string[] = []
  t.after(broker.on('disconnected', () => events.push('disconnected')))
  t.after(broker.on('connected', () => events.push('connected')))
  return events
}

/** Fails the case if a promise is rejected that nobody handles while it runs. These cases run alone. */
function unhandled(t: Context): { readonly none: () => void } {
  const seen: unknown[] = []
  const listener = (reason: unknown): void => void seen.push(reason)
  process.on('unhandledRejection', listener)
  t.after(() => process.off('unhandledRejection', listener))
  return { none: () => assert.deepEqual(seen, [], 'rejections that nobody handled') }
}

/** One message there and back: proof that a connection lives. */
async function works(t: Context, broker: Broker): Promise<void> {
  const queue = broker.queue<string>(t.name())
  const inbox = t.inbox<string>()
  const worker = await queue.consume(inbox.handler)
  await arrivals(t, inbox, [(await queue.send('alive')).id], BACK_MS)
  await worker.close()
}

export const cases: readonly Case[] = [
  {
    clause: 'C4',
    name: 'after a cut it works again by itself, with one event disconnected and one connected',
    needs: ['breakConnection'],
    timeoutMs: 40_000,
    run: async (t) => {
      const broker = await t.connect()
      const events = watched(t, broker)
      await works(t, broker)
      const told = await cut(t, broker)
      await works(t, broker)
      await t.quiet(500)
      assert.deepEqual(events, told ? ['disconnected', 'connected'] : [])
    },
  },
  {
    clause: 'C4',
    name: 'each outage has its own pair of events',
    needs: ['breakConnection'],
    timeoutMs: 60_000,
    run: async (t) => {
      const broker = await t.connect()
      const events = watched(t, broker)
      const expected: string[] = []
      for (let outage = 0; outage < 3; outage += 1) {
        await works(t, broker)
        if (await cut(t, broker)) expected.push('disconnected', 'connected')
        await works(t, broker)
        await t.until('all events came', () => events.length >= expected.length, BACK_MS)
      }
      assert.deepEqual(events, expected)
    },
  },
  {
    clause: 'C4',
    name: 'sends in the middle of a cut wait, try again and are kept',
    needs: ['breakConnection'],
    timeoutMs: 60_000,
    run: async (t) => {
      const rejections = unhandled(t)
      const broker = await t.connect()
      const queue = broker.queue<string>(t.name())
      await queue.open()
      const sends = Array.from({ length: 300 }, (_, index) => queue.send(`message ${index}`))
      await sends[0]
      await cut(t, broker)
      for (let index = 300; index < 320; index += 1) sends.push(queue.send(`message ${index}`))
      const sent = await t.within(Promise.all(sends), 'all sends are confirmed', 30_000)
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler, { concurrency: 20 })
      await arrivals(
        t,
        inbox,
        sent.map(({ id }) => id),
        BACK_MS,
      )
      rejections.none()
    },
  },
  {
    clause: 'C4',
    name: 'what was confirmed before a cut is there after it',
    needs: ['breakConnection'],
    timeoutMs: 40_000,
    run: async (t) => {
      const broker = await t.connect()
      const queue = broker.queue<string>(t.name())
      const topic = broker.topic<string>(t.name())
      const subscription = await topic.durableSubscription(t.name())
      const sent = await queue.sendAll(Array.from({ length: 30 }, (_, index) => ({ body: `message ${index}` })))
      const published = await topic.publishAll(Array.from({ length: 30 }, (_, index) => ({ body: `message ${index}` })))
      await cut(t, broker)
      const ofQueue = t.inbox<string>()
      const ofTopic = t.inbox<string>()
      await queue.consume(ofQueue.handler)
      await subscription.consume(ofTopic.handler)
      await arrivals(
        t,
        ofQueue,
        sent.map(({ id }) => id),
        BACK_MS,
      )
      await arrivals(
        t,
        ofTopic,
        published.map(({ id }) => id),
        BACK_MS,
      )
    },
  },
  {
    clause: 'C4',
    name: 'consumers in the middle of a cut resume by themselves and see everything',
    needs: ['breakConnection'],
    timeoutMs: 60_000,
    run: async (t) => {
      const rejections = unhandled(t)
      const broker = await t.connect()
      const queue = broker.queue<string>(t.name())
      const topic = broker.topic<string>(t.name())
      const ofQueue = t.inbox<string>(() => t.quiet(5))
      const ofTopic = t.inbox<string>(() => t.quiet(5))
      const options = { concurrency: 5, leaseMs: 1_000 }
      const workers = [
        await queue.consume(ofQueue.handler, options),
        await (await topic.durableSubscription(t.name())).consume(ofTopic.handler, options),
      ]
      let failed = 0
      for (const worker of workers) void worker.done.catch(() => (failed += 1))
      const batch = Array.from({ length: 60 }, (_, index) => ({ body: `message ${index}` }))
      const sent = [...(await queue.sendAll(batch))]
      const published = [...(await topic.publishAll(batch))]
      await ofQueue.count(5)
      await cut(t, broker)
      sent.push(...(await queue.sendAll(batch)))
      published.push(...(await topic.publishAll(batch)))
      await arrivals(
        t,
        ofQueue,
        sent.map(({ id }) => id),
        BACK_MS,
      )
      await arrivals(
        t,
        ofTopic,
        published.map(({ id }) => id),
        BACK_MS,
      )
      assert.equal(failed, 0, 'a consumer gave up')
      rejections.none()
    },
  },
  {
    clause: 'C4',
    name: 'what was in hand at a cut is settled or comes again, whatever its handler does',
    needs: ['breakConnection'],
    timeoutMs: 60_000,
    run: async (t) => {
      const rejections = unhandled(t)
      const broker = await t.connect()
      const queue = broker.queue<string>(t.name())
      const held = gate(t)
      const seen = new Set<string>()
      const inbox = t.inbox<string>(async (delivery) => {
        if (seen.has(delivery.id)) return
        seen.add(delivery.id)
        await held.opened
        if (delivery.body === 'throws') throw new Error('after the cut')
        if (delivery.body === 'rejects') await delivery.reject()
      })
      await queue.consume(inbox.handler, {
        concurrency: 3,
        leaseMs: 1_000,
        retry: { backoff: { initialMs: 20, jitter: 0 } },
      })
      const bodies = ['returns', 'throws', 'rejects']
      await queue.sendAll(bodies.map((body) => ({ body })))
      await inbox.count(3)
      const first = [...inbox.deliveries]
      const told = await cut(t, broker)
      if (told) await t.until('their signals abort', () => first.every((delivery) => delivery.signal.aborted))
      held.open()
      if (told)
        await t.until(
          'all come again',
          () => bodies.every((body) => inbox.bodies.filter((each) => each === body).length >= 2),
          BACK_MS,
        )
      await t.quiet()
      rejections.none()
    },
  },
  {
    clause: 'C4',
    name: 'a delivery of before the cut can not be settled after it, and nothing else is settled in its place',
    needs: ['breakConnection'],
    timeoutMs: 60_000,
    run: async (t) => {
      const broker = await t.connect()
      const queue = broker.queue<string>(t.name())
      const held = gate(t)
      const inbox = t.inbox<string>(() => held.opened)
      await queue.consume(inbox.handler, { concurrency: 4, leaseMs: 1_000 })
      await queue.sendAll([{ body: 'a' }, { body: 'b' }])
      const old = [...(await inbox.count(2))]
      if (!(await cut(t, broker))) return
      await t.until('both come again', () => inbox.deliveries.length >= 4, BACK_MS)
      for (const delivery of old) await t.rejects(delivery.ack(), 'LEASE_LOST')
      await broker.close({ drainMs: 0 })
      // Acked by nobody: both must still be there.
      const left = t.inbox<string>()
      await t.broker.queue<string>(queue.name).consume(left.handler)
      await t.until('both are there', () => ['a', 'b'].every((body) => left.bodies.includes(body)), BACK_MS)
      held.open()
    },
  },
  {
    clause: 'C4',
    name: 'an ephemeral subscription is back after a cut, without being asked',
    needs: ['breakConnection'],
    timeoutMs: 60_000,
    when: ({ capabilities: { E1 } }) => E1.grade !== 'none' || 'E1 is graded none',
    run: async (t) => {
      const broker = await t.connect()
      const topic = broker.topic<string>(t.name())
      const inbox = t.inbox<string>()
      await topic.subscribe(inbox.handler)
      await topic.publish('before')
      await t.until('the first one comes', () => inbox.bodies.includes('before'))
      await cut(t, broker)
      let tries = 0
      await t.until(
        'something comes again',
        async () => {
          tries += 1
          await topic.publish(`after ${tries}`)
          await t.quiet(100)
          return inbox.bodies.some((body) => body.startsWith('after'))
        },
        BACK_MS,
      )
    },
  },
  {
    clause: 'C4',
    name: 'closing during an outage ends, and what waits is told',
    needs: ['breakConnection'],
    timeoutMs: 60_000,
    run: async (t) => {
      const rejections = unhandled(t)
      const broker = await t.connect()
      const queue = broker.queue<string>(t.name())
      await queue.consume(() => {})
      await cut(t, broker)
      const sends = Promise.allSettled(Array.from({ length: 20 }, (_, index) => queue.send(`message ${index}`)))
      await t.within(broker.close({ drainMs: 100 }), 'close', 6_000)
      const outcomes = await t.within(sends, 'every send ends')
      for (const outcome of outcomes)
        if (outcome.status === 'rejected')
          assert.ok(outcome.reason instanceof BrokerError, `a send ended with ${String(outcome.reason)}`)
      await t.quiet()
      rejections.none()
    },
  },
]
