import assert from 'node:assert/strict'
import type { Sent } from 'anybroker'
import type { Case, Context } from '../case.ts'
import { fill } from './kit/fill.ts'
import { assertEach, untilEach } from './kit/grades.ts'

export const cases: readonly Case[] = [
  {
    clause: 'B3',
    name: 'a full broker makes send wait, then fail with TIMEOUT and what became of it',
    needs: ['fill'],
    timeoutMs: 60_000,
    async run(t) {
      const queue = t.broker.queue<string>(t.name('full'))
      await queue.open()
      const drain = await fill(t)
      const began = performance.now()
      const error = await t.rejects(queue.send('too much', { timeoutMs: 800 }), 'TIMEOUT')
      assert.ok(performance.now() - began >= 790, `it failed after ${performance.now() - began} ms without waiting`)
      assert.ok(error.outcome === 'refused' || error.outcome === 'unknown', `its outcome is ${error.outcome}`)
      await drain()
      await t.within(queue.send('room again', { timeoutMs: 30_000 }), 'a send into a broker with room', 30_000)
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await t.until('the second', () => inbox.bodies.includes('room again'))
      await t.quiet()
      if (error.outcome === 'refused') assertEach(t, inbox.bodies, ['room again'], 'what was refused is not there')
    },
  },
  {
    clause: 'B3',
    name: 'what waits for a full broker goes when there is room',
    needs: ['fill'],
    timeoutMs: 60_000,
    async run(t) {
      const queue = t.broker.queue<string>(t.name('waits'))
      await queue.open()
      const drain = await fill(t)
      let done = 0
      const bodies = ['a', 'b', 'c']
      const sends = bodies.map(async (body) => {
        await queue.send(body, { timeoutMs: 30_000 })
        done += 1
      })
      const all = Promise.all(sends)
      // Handled below; this only keeps an early failure from being an unhandled rejection.
      all.catch(() => {})
      await t.quiet(400)
      assert.equal(done, 0, 'nothing was confirmed by a broker that is full')
      await drain()
      await t.within(all, 'the sends', 30_000)
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await untilEach(t, () => inbox.bodies, bodies)
    },
  },
  {
    clause: 'B3',
    name: 'the window is bounded in messages: the next one waits, and times out',
    needs: ['fill'],
    timeoutMs: 60_000,
    async run(t) {
      const broker = await t.connect({ sendWindow: { maxMessages: 5 } })
      const queue = broker.queue<string>(t.name('messages'))
      await queue.open()
      const drain = await fill(t)
      const admitted = await buffered(t, 12, (n, timeoutMs) => queue.send(`m${n}`, { until: 'buffered', timeoutMs }))
      assert.deepEqual(admitted.before, [0, 1, 2, 3, 4], 'five of twelve are in the window')
      await drain()
      await admitted.end()
    },
  },
  {
    clause: 'B3',
    name: 'the window is bounded in bytes too',
    needs: ['fill'],
    timeoutMs: 60_000,
    async run(t) {
      const broker = await t.connect({ sendWindow: { maxBytes: 64 * 1024 } })
      const queue = broker.queue<Uint8Array>(t.name('bytes'), { codec: 'bytes' })
      await queue.open()
      const drain = await fill(t)
      const body = new Uint8Array(15 * 1024)
      const admitted = await buffered(t, 12, (_, timeoutMs) => queue.send(body, { until: 'buffered', timeoutMs }))
      assert.deepEqual(admitted.before, [0, 1, 2, 3], 'four of 15 KiB are in a window of 64')
      await drain()
      await admitted.end()
    },
  },
  {
    clause: 'B3',
    name: 'an abort ends the waiting of a send, and the window has room for another',
    needs: ['fill'],
    timeoutMs: 60_000,
    async run(t) {
      const broker = await t.connect({ sendWindow: { maxMessages: 1 } })
      const queue = broker.queue<string>(t.name('aborted'))
      await queue.open()
      const drain = await fill(t)
      const controller = new AbortController()
      const reason = new Error('changed my mind')
      const first = assert.rejects(queue.send('first', { signal: controller.signal }), (error) => error === reason)
      const second = queue.send('second', { timeoutMs: 30_000 })
      second.catch(() => {})
      await t.quiet()
      controller.abort(reason)
      await t.within(first, 'the aborted send')
      await drain()
      await t.within(second, 'the one behind it', 30_000)
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await t.until('it arrives', () => inbox.bodies.includes('second'))
    },
  },
  {
    clause: 'B3',
    name: 'more sends than the window holds wait for their turn, and all arrive',
    async run(t) {
      const broker = await t.connect({ sendWindow: { maxMessages: 3, maxBytes: 2_500 } })
      const queue = broker.queue<string>(t.name('turns'))
      // One in twenty is larger than the whole window: it goes alone.
      const bodies = Array.from({ length: 100 }, (_, n) => (n % 20 === 0 ? `${n} ${'x'.repeat(3_000)}` : `${n}`))
      await t.within(Promise.all(bodies.map((body) => queue.send(body))), 'the sends', 15_000)
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler, { concurrency: 20 })
      await untilEach(t, () => inbox.bodies, bodies, 10_000)
      await t.quiet()
      assertEach(t, inbox.bodies, bodies, 'each arrives')
    },
  },
]

interface Buffered {
  /** Those that the window took while the broker was full. */
  readonly before: readonly number[]
  /** Each of the others has ended, in the window or with TIMEOUT. */
  readonly end: () => Promise<void>
}

/** Sends that many, buffered, of which the last one has little time: it must not get into a window that is full. */
async function buffered(
  t: Context,
  count: number,
  send: (n: number, timeoutMs: number) => Promise<Sent>,
): Promise<Buffered> {
  const admitted: number[] = []
  const sends = Array.from({ length: count }, async (_, n) => {
    const { evidence } = await send(n, n === count - 1 ? 500 : 30_000)
    assert.equal(evidence, 'buffered')
    admitted.push(n)
  })
  const ends = Promise.allSettled(sends)
  const last = sends.at(-1)
  assert.ok(last)
  const error = await t.rejects(last, 'TIMEOUT')
  assert.equal(error.outcome, 'refused', 'it never left this process')
  return {
    before: [...admitted],
    end: async () => {
      const results = await t.within(ends, 'the sends that waited', 35_000)
      const failed = results.slice(0, -1).filter(({ status }) => status === 'rejected')
      assert.equal(failed.length, 0, 'what waited got into the window when there was room')
    },
  }
}
