import assert from 'node:assert/strict'
import type { DurableSubscription, Topic, Worker } from 'anybroker'
import type { Case, Context, Inbox } from '../case.ts'
import { arrivals } from './kit/arrivals.ts'
import { gate } from './kit/gate.ts'
import { assertEach } from './kit/grades.ts'
import { whenNone } from '../when.ts'

/** Apart by more than a broker's clock and ours may differ on one machine. */
const APART_MS = 300

interface Opened {
  readonly topic: Topic<string>
  readonly subscription: DurableSubscription<string>
}

async function opened(t: Context): Promise<Opened> {
  const topic = t.broker.topic<string>(t.name())
  return { topic, subscription: await topic.durableSubscription(t.name()) }
}

/** Publishes and consumes these, settles them and leaves. */
async function lived(t: Context, { topic, subscription }: Opened, bodies: readonly string[]): Promise<void> {
  const inbox = t.inbox<string>()
  const worker = await subscription.consume(inbox.handler)
  const sent = await topic.publishAll(bodies.map((body) => ({ body })))
  await arrivals(
    t,
    inbox,
    sent.map(({ id }) => id),
  )
  await worker.close()
}

async function consumed(
  t: Context,
  subscription: DurableSubscription<string>,
): Promise<{ inbox: Inbox<string>; worker: Worker }> {
  const inbox = t.inbox<string>()
  return { inbox, worker: await subscription.consume(inbox.handler) }
}

/** `acked` before: where the service itself may duplicate, these may come, too. */
async function sees(
  t: Context,
  inbox: Inbox<string>,
  expected: readonly string[],
  acked: readonly string[] = [],
): Promise<void> {
  await t.until(`all of ${expected.join(', ')}`, () => expected.every((body) => inbox.bodies.includes(body)))
  await t.quiet()
  assertEach(t, inbox.bodies, expected, 'what came after the seek', acked)
}

export const cases: readonly Case[] = [
  {
    clause: 'R1',
    name: 'seek to the start brings back what was acked',
    run: async (t) => {
      const it = await opened(t)
      await lived(t, it, ['a', 'b', 'c'])
      await it.subscription.seek('start')
      const { inbox } = await consumed(t, it.subscription)
      await sees(t, inbox, ['a', 'b', 'c'])
      await it.topic.publish('d')
      await sees(t, inbox, ['a', 'b', 'c', 'd'])
    },
  },
  {
    clause: 'R1',
    name: 'seek to a time brings back what was published at or after it, and nothing before',
    run: async (t) => {
      const it = await opened(t)
      await lived(t, it, ['before'])
      await t.quiet(APART_MS)
      const middle = new Date()
      await t.quiet(APART_MS)
      await lived(t, it, ['after', 'later'])
      await it.subscription.seek(middle)
      const { inbox } = await consumed(t, it.subscription)
      await sees(t, inbox, ['after', 'later'], ['before'])
    },
  },
  {
    clause: 'R1',
    name: 'seek forth skips a backlog',
    run: async (t) => {
      const { topic, subscription } = await opened(t)
      await topic.publish('skipped')
      await t.quiet(APART_MS)
      await subscription.seek(new Date())
      await t.quiet(APART_MS)
      await topic.publish('new')
      const { inbox } = await consumed(t, subscription)
      await sees(t, inbox, ['new'])
    },
  },
  {
    clause: 'R1',
    name: 'seek touches no other subscription of the topic',
    run: async (t) => {
      const it = await opened(t)
      const other = await it.topic.durableSubscription(t.name('other'))
      await lived(t, it, ['a'])
      const beside = await consumed(t, other)
      await sees(t, beside.inbox, ['a'])
      await it.subscription.seek('start')
      const { inbox } = await consumed(t, it.subscription)
      await sees(t, inbox, ['a'])
      assertEach(t, beside.inbox.bodies, ['a'], 'what the other subscription saw')
    },
  },
  {
    clause: 'R1',
    name: 'with a consumer elsewhere it is CONFLICT, and that consumer goes on undisturbed',
    run: async (t) => {
      const it = await opened(t)
      await lived(t, it, ['a'])
      const elsewhere = await t.connect()
      const there = await elsewhere.topic<string>(it.topic.name).durableSubscription(it.subscription.name)
      const { inbox, worker } = await consumed(t, there)
      await it.topic.publish('b')
      await sees(t, inbox, ['b'], ['a'])
      await t.rejects(it.subscription.seek('start'), 'CONFLICT')
      await it.topic.publish('c')
      await sees(t, inbox, ['b', 'c'], ['a'])
      await worker.close()
      // The broker may need a moment to see that it left.
      await t.until('the way is free', () => it.subscription.seek('start').then(() => true, conflict))
      const again = await consumed(t, it.subscription)
      await sees(t, again.inbox, ['a', 'b', 'c'])
    },
  },
  {
    clause: 'R1',
    name: 'deliveries in hand here are lost, and come again where the seek says so',
    run: async (t) => {
      const { topic, subscription } = await opened(t)
      const held = gate(t)
      let handled = 0
      const inbox = t.inbox<string>(() => {
        handled += 1
        return handled === 1 ? held.opened : undefined
      })
      await subscription.consume(inbox.handler)
      const { id } = await topic.publish('a')
      const [delivery] = await inbox.count(1)
      assert.ok(delivery !== undefined)
      const { signal } = delivery
      assert.equal(signal.aborted, false)
      await subscription.seek('start')
      await t.until('the signal of what was in hand aborts', () => signal.aborted)
      await t.rejects(delivery.ack(), 'LEASE_LOST')
      held.open()
      await t.until('it comes again', () => inbox.deliveries.filter((each) => each.id === id).length >= 2)
    },
  },
  {
    clause: 'R1',
    name: 'a place that is none is a TypeError',
    run: async (t) => {
      const { subscription } = await opened(t)
      for (const to of [undefined, null, 'end', 'earliest', 0, '2030-01-01', new Date(Number.NaN), {}])
        await t.rejects(subscription.seek(to as 'start'), 'TypeError')
    },
  },
  {
    clause: 'R1',
    name: 'where it is none, seek is UNSUPPORTED',
    when: whenNone('R1'),
    run: async (t) => {
      const { subscription } = await opened(t)
      await t.rejects(subscription.seek('start'), 'UNSUPPORTED')
      await t.rejects(subscription.seek(new Date()), 'UNSUPPORTED')
    },
  },
]

/** False for a conflict that may pass; anything else is a failure. */
function conflict(error: unknown): false {
  if (error instanceof Error && 'code' in error && error.code === 'CONFLICT') return false
  throw error
}
