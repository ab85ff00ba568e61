import assert from 'node:assert/strict'
import type { SendOptions } from 'anybroker'
import type { Case, Context } from '../case.ts'
import { arrival } from './kit/arrivals.ts'
import { assertEach } from './kit/grades.ts'
import { whenNone } from '../when.ts'

/** Clocks are read in whole milliseconds, here and at the broker: a message may seem to come by that much too soon. */
const ROUNDING_MS = 2

/** Delays that this driver can tell apart: two steps of its granularity and never so short that latency hides them. */
function delays({ capabilities: { L1 } }: Pick<Context, 'capabilities'>): { short: number; long: number } {
  const step = Math.max(L1.granularityMs ?? 1, 400)
  return { short: step, long: 3 * step }
}

/** When something came, on this process' clock. */
function stopwatch(): () => number {
  const from = performance.now()
  return () => performance.now() - from
}

function notBefore(waited: number, delayMs: number, what: string): void {
  assert.ok(waited >= delayMs - ROUNDING_MS, `${what} came after ${waited} ms, ${delayMs} ms were asked for`)
}

export const cases: readonly Case[] = [
  {
    clause: 'L1',
    name: 'delayMs: not delivered before, and delivered after',
    run: async (t) => {
      const { short } = delays(t)
      const queue = t.broker.queue<string>(t.name())
      const waits = new Map<string, number>()
      const waited = stopwatch()
      const inbox = t.inbox<string>((delivery) => {
        if (!waits.has(delivery.body)) waits.set(delivery.body, waited())
      })
      await queue.consume(inbox.handler)
      const begun = waited()
      const { id } = await queue.send('later', { delayMs: short })
      await arrival(t, inbox, id, short + 10_000)
      notBefore((waits.get('later') ?? 0) - begun, short, 'a delayed message')
    },
  },
  {
    clause: 'L1',
    name: 'at: not delivered before that point in time',
    run: async (t) => {
      const { short } = delays(t)
      const queue = t.broker.queue<string>(t.name())
      let cameAt = 0
      const inbox = t.inbox<string>(() => {
        cameAt ||= Date.now()
      })
      await queue.consume(inbox.handler)
      const at = new Date(Date.now() + short)
      const { id } = await queue.send('later', { at })
      await arrival(t, inbox, id, short + 10_000)
      notBefore(cameAt - at.getTime() + short, short, 'a message with at')
    },
  },
  {
    clause: 'L1',
    name: 'a shorter delay overtakes a longer one, and no delay overtakes both',
    run: async (t) => {
      const { short, long } = delays(t)
      const queue = t.broker.queue<string>(t.name())
      const waits = new Map<string, number>()
      const waited = stopwatch()
      const inbox = t.inbox<string>((delivery) => {
        if (!waits.has(delivery.body)) waits.set(delivery.body, waited())
      })
      await queue.consume(inbox.handler)
      const begun = waited()
      await queue.send('long', { delayMs: long })
      await queue.send('short', { delayMs: short })
      const sent = waited()
      await queue.send('none')
      const all = waited()
      await t.until('all three came', () => waits.size === 3, long + 10_000)
      const [none = 0, shorter = 0, longer = 0] = ['none', 'short', 'long'].map((body) => waits.get(body))
      notBefore(shorter - begun, short, 'the shorter delay')
      notBefore(longer - begun, long, 'the longer delay')
      // Sends that took half a step each left no time to overtake in.
      if (sent - begun < short / 2) assert.ok(shorter < longer, 'the shorter delay did not overtake the longer one')
      if (all - begun < short / 2) assert.ok(none < shorter, 'no delay did not overtake the shorter one')
    },
  },
  {
    clause: 'L1',
    name: 'the delay holds when sender and consumer close in between',
    run: async (t) => {
      const { long } = delays(t)
      const sender = await t.connect()
      const first = await t.connect()
      const name = t.name()
      const tooSoon = t.inbox<string>()
      await first.queue<string>(name).consume(tooSoon.handler)
      const waited = stopwatch()
      await sender.queue<string>(name).send('later', { delayMs: long })
      await sender.close()
      await first.close()
      let came = 0
      const inbox = t.inbox<string>(() => {
        came ||= waited()
      })
      await t.broker.queue<string>(name).consume(inbox.handler)
      await inbox.count(1, long + 10_000)
      notBefore(came, long, 'a message whose sender was closed')
      assert.deepEqual(tooSoon.bodies, [])
    },
  },
  {
    clause: 'L1',
    name: 'a delayed message is not an attempt, and arrives once',
    run: async (t) => {
      const { short } = delays(t)
      const queue = t.broker.queue<string>(t.name())
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      const headers = { tenant: 'acme' }
      const { id } = await queue.send('later', { delayMs: short, headers, correlationId: 'c-1' })
      const delivery = await arrival(t, inbox, id, short + 10_000)
      if (t.capabilities.D3.attempt === 'exact') assert.equal(delivery.attempt, 1)
      assert.deepEqual({ ...delivery.headers }, headers)
      assert.equal(delivery.correlationId, 'c-1')
      await t.quiet()
      assertEach(t, inbox.bodies, ['later'], 'what came')
    },
  },
  {
    clause: 'L1',
    name: 'a delayed publish reaches every subscription, none before',
    run: async (t) => {
      const { short } = delays(t)
      const topic = t.broker.topic<string>(t.name())
      const waits: number[] = []
      const waited = stopwatch()
      const inboxes = [t.inbox<string>(() => waits.push(waited())), t.inbox<string>(() => waits.push(waited()))]
      for (const inbox of inboxes) await (await topic.durableSubscription(t.name())).consume(inbox.handler)
      const begun = waited()
      await topic.publish('later', { delayMs: short })
      for (const inbox of inboxes) await inbox.count(1, short + 10_000)
      for (const wait of waits) notBefore(wait - begun, short, 'a delayed publish')
    },
  },
  {
    clause: 'L1',
    name: 'no delay and a time in the past are delivered at once',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      const zero = await queue.send('a', { delayMs: 0 })
      const past = await queue.send('b', { at: new Date(Date.now() - 60_000) })
      await arrival(t, inbox, zero.id)
      await arrival(t, inbox, past.id)
    },
  },
  {
    clause: 'L1',
    name: 'a delay above the stated limit is UNSUPPORTED, not shortened',
    when: ({ capabilities: { L1 } }) =>
      L1.grade === 'none' ? 'L1 is graded none' : L1.maxMs !== undefined || 'no limit is stated',
    run: async (t) => {
      const { maxMs } = t.capabilities.L1
      assert.ok(maxMs !== undefined)
      const queue = t.broker.queue<string>(t.name())
      const error = await t.rejects(queue.send('a', { delayMs: maxMs + 60_000 }), 'UNSUPPORTED')
      assert.equal(error.outcome, 'refused')
      await t.rejects(queue.send('a', { at: new Date(Date.now() + maxMs + 60_000) }), 'UNSUPPORTED')
    },
  },
  {
    clause: 'L1',
    name: 'a delay of a day holds to the millisecond of the clock',
    needs: ['virtualTime'],
    run: async (t) => {
      const virtual = t.virtual()
      const day = 86_400_000
      const broker = await virtual.connect()
      const { maxMs = Number.POSITIVE_INFINITY } = broker.capabilities.L1
      const delayMs = Math.min(day, maxMs)
      const queue = broker.queue<string>(t.name())
      const inbox = t.inbox<string>()
      const ready = queue.consume(inbox.handler)
      await virtual.advance(0)
      await ready
      const sent = queue.send('later', { delayMs })
      await virtual.advance(0)
      await sent
      await virtual.advance(delayMs - 1)
      assert.deepEqual(inbox.bodies, [])
      await virtual.advance(2_000)
      assertEach(broker, inbox.bodies, ['later'], 'what came')
    },
  },
  {
    clause: 'L1',
    name: 'delays that are none are TypeErrors',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name(), { provision: 'never' })
      const wrong: readonly Readonly<Record<string, unknown>>[] = [
        { delayMs: -1 },
        { delayMs: Number.NaN },
        { delayMs: Number.POSITIVE_INFINITY },
        { delayMs: '100' },
        { delayMs: null },
        { at: new Date(Number.NaN) },
        { at: '2030-01-01' },
        { at: 1 },
        { delayMs: 100, at: new Date() },
      ]
      for (const options of wrong) await t.rejects(queue.send('a', options as SendOptions), 'TypeError')
    },
  },
  {
    clause: 'L1',
    name: 'where it is none, a delay is UNSUPPORTED at once',
    when: whenNone('L1'),
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const topic = t.broker.topic<string>(t.name())
      for (const options of [{ delayMs: 1_000 }, { at: new Date(Date.now() + 1_000) }]) {
        await t.rejects(queue.send('a', options), 'UNSUPPORTED')
        await t.rejects(topic.publish('a', options), 'UNSUPPORTED')
      }
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await t.quiet()
      assert.deepEqual(inbox.bodies, [])
    },
  },
]
