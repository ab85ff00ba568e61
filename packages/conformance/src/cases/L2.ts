import assert from 'node:assert/strict'
import type { BrokerEvents, Source, SendOptions } from 'anybroker'
import type { Case, Context } from '../case.ts'
import { arrival } from './kit/arrivals.ts'
import { gate } from './kit/gate.ts'
import { assertEach } from './kit/grades.ts'
import { assertNoLetters } from './kit/letters.ts'
import { whenNone } from '../when.ts'

/** The shortest time that is portable, and a while after it. */
const EXPIRES_MS = 1_000
const AFTER_MS = EXPIRES_MS + 200

/** Real time goes by, whatever the harness' slowness. */
function past(t: Context): Promise<void> {
  return t.quiet(AFTER_MS / (t.harness.slowness ?? 1))
}

/** Collects what the broker object says of expired messages. */
function expired(t: Context): readonly BrokerEvents['expired'][] {
  const events: BrokerEvents['expired'][] = []
  t.after(t.broker.on('expired', (facts) => events.push(facts)))
  return events
}

/** That a message met its end as the contract says: an event here, no dead letter. */
async function wentAsExpired<T>(
  t: Context,
  events: readonly BrokerEvents['expired'][],
  source: Source<T>,
  id: string,
): Promise<void> {
  // A broker that drops it by itself leaves nothing that could tell.
  if (t.capabilities.L2.grade === 'emulated')
    await t.until('an event that it expired', () => events.some((event) => event.id === id))
  await assertNoLetters(t, source)
}

export const cases: readonly Case[] = [
  {
    clause: 'L2',
    name: 'what expired while nobody was there reaches no handler, its neighbours do',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const events = expired(t)
      const { id } = await queue.send('short-lived', { expiresInMs: EXPIRES_MS })
      const stays = await queue.send('stays')
      const longer = await queue.send('longer', { expiresInMs: 3_600_000 })
      await past(t)
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await arrival(t, inbox, stays.id)
      await arrival(t, inbox, longer.id)
      await wentAsExpired(t, events, queue, id)
      assert.ok(!inbox.bodies.includes('short-lived'), 'an expired message reached a handler')
    },
  },
  {
    clause: 'L2',
    name: 'what expired in hand, waiting for a slot, reaches no handler',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const events = expired(t)
      const held = gate(t)
      const handledAt = new Map<string, number>()
      const inbox = t.inbox<string>((delivery) => {
        handledAt.set(delivery.body, Date.now())
        return delivery.body === 'slow' ? held.opened : undefined
      })
      await queue.consume(inbox.handler, { concurrency: 1 })
      await queue.send('slow')
      await inbox.count(1)
      const { id } = await queue.send('short-lived', { expiresInMs: EXPIRES_MS })
      const expiredAt = Date.now() + EXPIRES_MS
      const stays = await queue.send('stays')
      await past(t)
      held.open()
      await arrival(t, inbox, stays.id)
      await t.quiet()
      // A broker that took the slow one back in between let it run in time.
      const ranAt = handledAt.get('short-lived')
      if (ranAt === undefined) await wentAsExpired(t, events, queue, id)
      else assert.ok(ranAt < expiredAt, `an expired message reached a handler ${ranAt - expiredAt} ms late`)
    },
  },
  {
    clause: 'L2',
    name: 'a retry that falls due after the expiry is not handed out',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name(), {
        retry: { maxAttempts: 5, backoff: { initialMs: AFTER_MS, jitter: 0 } },
      })
      const events = expired(t)
      const inbox = t.inbox<string>(() => {
        throw new Error('again, please')
      })
      await queue.consume(inbox.handler)
      const { id } = await queue.send('short-lived', { expiresInMs: EXPIRES_MS })
      await inbox.count(1)
      await past(t)
      await t.quiet(500)
      await wentAsExpired(t, events, queue, id)
      assertEach(t, inbox.bodies, ['short-lived'], 'an expired message was handed out again')
    },
  },
  {
    clause: 'L2',
    name: 'it is counted, and the event names the source and the message',
    when: ({ capabilities: { L2 } }) => L2.grade === 'emulated' || `L2 is graded ${L2.grade}: no event is due`,
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      const subscription = await topic.durableSubscription(t.name())
      const events = expired(t)
      const { id } = await topic.publish('short-lived', { expiresInMs: EXPIRES_MS })
      await past(t)
      const inbox = t.inbox<string>()
      const worker = await subscription.consume(inbox.handler)
      const event = await t.until('the event', () => events.find((each) => each.id === id))
      assert.match(event.source, new RegExp(subscription.name))
      await t.until('the count', () => worker.stats.expired >= 1)
      assert.deepEqual(inbox.bodies, [])
      assert.equal(worker.stats.deadLettered, 0)
    },
  },
  {
    clause: 'L2',
    name: 'what is not yet expired arrives and says when it will be',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      const from = Date.now()
      const { id } = await queue.send('a', { expiresInMs: 60_000 })
      const to = Date.now()
      const { expiresAt } = await arrival(t, inbox, id)
      assert.ok(expiresAt instanceof Date)
      const at = expiresAt.getTime()
      assert.ok(at >= from + 60_000 && at <= to + 60_000, `expires ${at - from} ms after it was sent`)
    },
  },
  {
    clause: 'L2',
    name: 'a message expires at each subscription, also at the one that was away',
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      const here = await topic.durableSubscription(t.name('here'))
      const away = await topic.durableSubscription(t.name('away'))
      const inTime = t.inbox<string>()
      await here.consume(inTime.handler)
      await topic.publish('short-lived', { expiresInMs: EXPIRES_MS })
      const stays = await topic.publish('stays')
      await past(t)
      const late = t.inbox<string>()
      await away.consume(late.handler)
      await arrival(t, late, stays.id)
      await t.quiet()
      assert.ok(!late.bodies.includes('short-lived'), 'an expired message reached a handler')
      await arrival(t, inTime, stays.id)
    },
  },
  {
    clause: 'L2',
    name: 'expiries that are none are TypeErrors',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name(), { provision: 'never' })
      for (const expiresInMs of [0, -1, 999, 1_000.5, Number.NaN, Number.POSITIVE_INFINITY, '1000', null, new Date()])
        await t.rejects(queue.send('a', { expiresInMs } as unknown as SendOptions), 'TypeError')
    },
  },
  {
    clause: 'L2',
    name: 'where it is none, an expiry is UNSUPPORTED at once',
    when: whenNone('L2'),
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const topic = t.broker.topic<string>(t.name())
      await t.rejects(queue.send('a', { expiresInMs: 1_000 }), 'UNSUPPORTED')
      await t.rejects(topic.publish('a', { expiresInMs: 1_000 }), 'UNSUPPORTED')
    },
  },
]
