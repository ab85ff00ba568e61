import assert from 'node:assert/strict'
import type { Case } from '../case.ts'
import { drive } from './kit/drive.ts'
import { gate } from './kit/gate.ts'
import { assertAttempt, assertAttemptAfterCrash, isCount, untilEach } from './kit/grades.ts'
import { quick } from './kit/quick.ts'
import { take } from './kit/take.ts'

/** Timers count whole milliseconds and clocks parts of them: so much earlier is not early. */
const CLOCK_MS = 2
const HOUR_MS = 3_600_000

export const cases: readonly Case[] = [
  {
    clause: 'D2',
    name: 'retry({ delayMs }) is not early, and comes',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('delay'))
      const times: number[] = []
      const attempts: number[] = []
      await queue.consume(async (delivery) => {
        times.push(performance.now())
        attempts.push(delivery.attempt)
        if (times.length === 1) await delivery.retry({ delayMs: 700 })
      })
      await queue.send('again')
      await t.until('the second delivery', () => times.length >= 2)
      const [first = 0, second = 0] = times
      assert.ok(second - first >= 700 - CLOCK_MS, `retried after ${second - first} ms instead of 700`)
      assertAttempt(t, attempts[1] ?? 0, 2)
    },
  },
  {
    clause: 'D2',
    name: 'the backoff of the policy grows and is never early',
    async run(t) {
      const backoff = { initialMs: 150, factor: 3, maxMs: 600, jitter: 0.2 }
      const queue = t.broker.queue<string>(t.name('backoff'), { retry: { maxAttempts: 5, backoff } })
      const began: number[] = []
      const threw: number[] = []
      await queue.consume(() => {
        began.push(performance.now())
        if (began.length === 4) return
        threw.push(performance.now())
        throw new Error(`failure ${threw.length}`)
      })
      await queue.send('again')
      await t.until('the fourth delivery', () => began.length >= 4)
      // The third would be 1,350 without `maxMs`.
      for (const [failure, atLeast] of [150, 450, 600].entries()) {
        const waited = (began[failure + 1] ?? 0) - (threw[failure] ?? 0)
        assert.ok(waited >= atLeast - CLOCK_MS, `retry ${failure + 1} after ${waited} ms instead of ${atLeast}`)
      }
    },
  },
  {
    clause: 'D2',
    name: 'other messages pass while one waits for its retry',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('pass'))
      const seen: string[] = []
      await queue.consume(async (delivery) => {
        seen.push(delivery.body)
        if (delivery.body === 'waits' && seen.filter((body) => body === 'waits').length === 1)
          await delivery.retry({ delayMs: 1_500 })
      })
      await queue.send('waits')
      await t.until('the first delivery', () => seen.includes('waits'))
      const passing = Array.from({ length: 30 }, (_, n) => `passes ${n}`)
      await queue.sendAll(passing.map((body) => ({ body })))
      await t.until('the retry', () => seen.filter((body) => body === 'waits').length >= 2)
      const before = new Set(seen.slice(0, seen.indexOf('waits', seen.indexOf('waits') + 1)))
      assert.deepEqual(
        passing.filter((body) => !before.has(body)),
        [],
        'these waited for the retry of another',
      )
    },
  },
  {
    clause: 'D2',
    name: 'when everything fails, held retries take at most half the window and others pass',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('all-fail'), {
        retry: { maxAttempts: 2, backoff: { initialMs: 3_000, jitter: 0 } },
      })
      const failing = Array.from({ length: 30 }, (_, n) => `fails ${n}`)
      await queue.sendAll(failing.map((body) => ({ body })))
      const seen: { readonly body: string; readonly at: number }[] = []
      await queue.consume(
        (delivery) => {
          const first = seen.every(({ body }) => body !== delivery.body)
          seen.push({ body: delivery.body, at: performance.now() })
          if (delivery.body.startsWith('fails') && first) throw new Error('fails')
        },
        { concurrency: 2, maxUnsettled: 10 },
      )
      const firsts = () => new Set(seen.map(({ body }) => body))
      await t.until('each was delivered', () => failing.every((body) => firsts().has(body)))
      await queue.send('passes')
      await t.until('another passes', () => firsts().has('passes'))
      const times = (body: string) => seen.filter((each) => each.body === body).length
      await t.until('each retry', () => failing.every((body) => times(body) >= 2), 10_000)
      for (const body of failing) {
        const [first, second] = seen.filter((each) => each.body === body)
        assert.ok(first && second, `${body} was not retried`)
        assert.ok(second.at - first.at >= 3_000 - CLOCK_MS, `${body} came after ${second.at - first.at} ms, not 3,000`)
      }
      const passed = seen.findIndex(({ body }) => body === 'passes')
      const again = seen.findIndex(
        ({ body }, n) => failing.includes(body) && seen.findIndex((each) => each.body === body) < n,
      )
      assert.ok(passed < again, 'a message that fails does not hold up another until its retry')
    },
  },
  {
    clause: 'D2',
    name: 'a delay outlives the consumer that asked for it',
    async run(t) {
      const name = t.name('outlives')
      const queue = t.broker.queue<string>(name)
      const bodies = ['before the close', 'while it closes']
      await queue.sendAll(bodies.map((body) => ({ body })))
      const closing = gate(t)
      const running = new Set<string>()
      const retried = new Map<string, number>()
      const worker = await queue.consume(
        async (delivery) => {
          running.add(delivery.body)
          if (delivery.body === 'while it closes') await closing.opened
          retried.set(delivery.body, performance.now())
          await delivery.retry({ delayMs: 1_500 })
        },
        { concurrency: 2 },
      )
      await t.until('both run, one is retried', () => running.size === 2 && retried.size === 1)
      const closed = worker.close()
      closing.open()
      await t.within(closed, 'the close')
      const other = await t.connect()
      const came = new Map<string, number>()
      const attempts: number[] = []
      await other.queue<string>(name).consume((delivery) => {
        if (!came.has(delivery.body)) attempts.push(delivery.attempt)
        if (!came.has(delivery.body)) came.set(delivery.body, performance.now())
      })
      await untilEach(t, () => [...came.keys()], bodies)
      for (const body of bodies) {
        const waited = (came.get(body) ?? 0) - (retried.get(body) ?? 0)
        assert.ok(waited >= 1_500 - CLOCK_MS, `${body}: it came after ${waited} ms instead of 1,500`)
      }
      for (const attempt of attempts) assertAttemptAfterCrash(t, attempt, 2)
    },
  },
  {
    clause: 'D2',
    name: 'a delay that cannot be had is refused, and the delivery stays in hand',
    async run(t) {
      const { maxMs } = t.capabilities.D2
      const queue = t.broker.queue<string>(t.name('refused'))
      await queue.send('a')
      const loop = queue.receive()
      const deliveries = loop[Symbol.asyncIterator]()
      const delivery = await take(t, deliveries)
      for (const delayMs of [-1, Number.NaN, '5' as unknown as number])
        await t.rejects(delivery.retry({ delayMs }), 'TypeError')
      if (Number.isFinite(maxMs)) await t.rejects(delivery.retry({ delayMs: maxMs + 1 }), 'UNSUPPORTED')
      await t.within(delivery.retry({ delayMs: 0 }), 'a retry that can be had')
      const again = await take(t, deliveries)
      assert.equal(again.body, 'a')
      await again.ack()
    },
  },
  {
    clause: 'D2',
    name: 'a retry of an hour is neither early nor lost',
    needs: ['virtualTime'],
    async run(t) {
      const virtual = t.virtual()
      const broker = await drive(virtual, virtual.connect())
      const delayMs = Math.min(HOUR_MS, broker.capabilities.D2.maxMs)
      const queue = broker.queue<string>(t.name('hour'), { retry: quick })
      const times: number[] = []
      await drive(
        virtual,
        queue.consume(async (delivery) => {
          times.push(virtual.now())
          if (times.length === 1) await delivery.retry({ delayMs })
        }),
      )
      await drive(virtual, queue.send('later'))
      await virtual.advance(1_000)
      const [first] = times
      assert.ok(first !== undefined, 'it was delivered')
      await virtual.advance(first + delayMs - virtual.now() - 1)
      assert.equal(times.length, 1, 'not a millisecond early')
      await virtual.advance(60_000)
      assert.ok(isCount(broker, times.slice(1).length, 1), `it came at ${times.join(', ')}`)
    },
  },
]
