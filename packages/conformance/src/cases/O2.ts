import assert from 'node:assert/strict'
import type { Case } from '../case.ts'
import { whenAll, whenNone } from '../when.ts'
import { assertAttemptAfterCrash, assertEach, assertExhausted, steady, untilEach } from './kit/grades.ts'
import { readLetters } from './kit/letters.ts'
import { quick } from './kit/quick.ts'
import { take, takeNext, takeThese } from './kit/take.ts'

/** Where there is order at all. */
const ordered = whenAll('O1', 'O2')

/** Long enough for everything else to pass on any broker, short enough to wait for. */
const BACKOFF_MS = 1_000

export const cases: readonly Case[] = [
  {
    clause: 'O2',
    name: 'a message that is retried blocks its key, and only that',
    when: ordered,
    async run(t) {
      const queue = t.broker.queue<string>(t.name('blocks'), {
        ordering: 'key',
        retry: { maxAttempts: 3, backoff: { initialMs: BACKOFF_MS, factor: 1, jitter: 0 } },
      })
      await queue.sendAll(['a1', 'a2', 'b1', 'a3', 'b2', 'c1', 'b3'].map((body) => ({ body, key: body.slice(0, 1) })))
      const inbox = t.inbox<string>(({ body }) => {
        if (body === 'a1' && inbox.bodies.filter((each) => each === 'a1').length === 1) throw new Error('not yet')
      })
      await queue.consume(inbox.handler, { concurrency: 4 })
      await untilEach(t, () => inbox.bodies, ['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'c1'])
      await t.quiet()
      const bodies = [...inbox.bodies]
      const own = bodies.filter((body) => body.startsWith('a'))
      assert.deepEqual([...new Set(own)], ['a1', 'a2', 'a3'], 'in order')
      assert.equal(own[1], 'a1', `its key waits: ${own.join(', ')}`)
      if (steady(t)) assert.equal(own.length, 4)
      const passed = bodies.slice(0, bodies.indexOf('a1', bodies.indexOf('a1') + 1)).filter((body) => body !== 'a1')
      assertEach(t, passed, ['b1', 'b2', 'b3', 'c1'], 'the others do not')
    },
  },
  {
    clause: 'O2',
    name: 'a key that fails for good is blocked until its message is dead, and flows then',
    when: ordered,
    async run(t) {
      const queue = t.broker.queue<string>(t.name('dies'), { ordering: 'key', retry: { ...quick, onRetry: 'block' } })
      for (const body of ['a1', 'a2', 'a3']) await queue.send(body, { key: 'a' })
      const inbox = t.inbox<string>(({ body }) => {
        if (body !== 'a3') throw new Error(`${body} is poison`)
      })
      await queue.consume(inbox.handler, { concurrency: 4 })
      await t.until('the last one', () => inbox.bodies.includes('a3'))
      const deliveries = [...inbox.deliveries]
      for (const [dies, next] of [
        ['a1', 'a2'],
        ['a2', 'a3'],
      ] as const) {
        const before = deliveries.slice(
          0,
          deliveries.findIndex(({ body }) => body === next),
        )
        const attempts = before.filter(({ body }) => body === dies).map(({ attempt }) => attempt)
        assertExhausted(t, attempts, quick.maxAttempts)
      }
      const bodies = deliveries.map(({ body }) => body)
      if (steady(t)) assert.deepEqual(bodies, bodies.toSorted(), 'one after another')
      const letters = await readLetters(t, queue, 2)
      assert.deepEqual(letters.map(({ body }) => String(body)).toSorted(), ['a1', 'a2'])
    },
  },
  {
    clause: 'O2',
    name: 'retry({ delayMs }) blocks as the policy does, in a loop too',
    when: ordered,
    async run(t) {
      const queue = t.broker.queue<string>(t.name('loop'), { ordering: 'key', retry: quick })
      for (const body of ['a1', 'a2', 'b1']) await queue.send(body, { key: body.slice(0, 1) })
      const deliveries = queue.receive()[Symbol.asyncIterator]()
      const hand = await takeThese(t, deliveries, ['a1', 'b1'])
      const began = performance.now()
      await t.within(hand.of('a1').retry({ delayMs: BACKOFF_MS }), 'the retry of a1')
      await t.within(hand.of('b1').ack(), 'the ack of b1')
      // The next of its key is the same one.
      const second = await takeNext(t, deliveries, 'a1', ['b1'])
      assert.ok(performance.now() - began >= BACKOFF_MS - 2, 'after its delay')
      await t.within(second.ack(), 'the ack of a1')
      const third = await takeNext(t, deliveries, 'a2', ['a1', 'b1'])
      await t.within(third.ack(), 'the ack of a2')
    },
  },
  {
    clause: 'O2',
    name: 'more blocked keys than may be held in hand all stay blocked, and leave room for others',
    when: ordered,
    async run(t) {
      const blocked = Array.from({ length: 14 }, (_, n) => `k${n}`)
      const queue = t.broker.queue<string>(t.name('many'), {
        ordering: 'key',
        retry: { maxAttempts: 3, backoff: { initialMs: 3 * BACKOFF_MS, jitter: 0 } },
      })
      await queue.sendAll(blocked.flatMap((key) => ['fails', 'next'].map((what) => ({ body: `${key} ${what}`, key }))))
      await queue.sendAll(Array.from({ length: 10 }, (_, n) => ({ body: `free ${n}`, key: 'free' })))
      const seen: string[] = []
      const worker = await queue.consume(
        ({ body }) => {
          const first = !seen.includes(body)
          seen.push(body)
          if (first && body.endsWith('fails')) throw new Error('not yet')
        },
        { concurrency: 4, maxUnsettled: 20 },
      )
      await t.until('all of them', () => worker.stats.acked >= 38 && new Set(seen).size === 38, 15_000)
      const again = seen.findIndex((body, index) => body.endsWith('fails') && seen.indexOf(body) < index)
      const passed = seen.slice(0, again).filter((body) => body.startsWith('free'))
      assert.deepEqual(
        [...new Set(passed)],
        Array.from({ length: 10 }, (_, n) => `free ${n}`),
        'the free key passed',
      )
      for (const key of blocked) {
        const own = seen.filter((body) => body.startsWith(`${key} `)).map((body) => body.slice(key.length + 1))
        assert.ok(own.indexOf('next') >= 2, `${key} was not blocked: ${own.join(', ')}`)
        if (steady(t)) assert.deepEqual(own, ['fails', 'fails', 'next'])
      }
    },
  },
  {
    clause: 'O2',
    name: 'a key stays blocked when its consumer leaves before the retry',
    when: ordered,
    async run(t) {
      const name = t.name('leaves')
      const queue = t.broker.queue<string>(name, { ordering: 'key', retry: quick })
      for (const body of ['a1', 'a2', 'a3']) await queue.send(body, { key: 'a' })
      const loop = queue.receive()
      const first = await take(t, loop[Symbol.asyncIterator]())
      assert.equal(first.body, 'a1')
      await t.within(first.retry({ delayMs: 300 }), 'the retry of a1')
      await t.within(loop.close(), 'the close of the loop')
      const inbox = t.inbox<string>()
      const other = await t.connect()
      await other.queue<string>(name, { ordering: 'key', retry: quick }).consume(inbox.handler, { concurrency: 4 })
      await untilEach(t, () => inbox.bodies, ['a1', 'a2', 'a3'], 10_000)
      const [again] = inbox.deliveries
      assert.deepEqual([...new Set(inbox.bodies)], ['a1', 'a2', 'a3'], 'the retried one is still the first')
      assertAttemptAfterCrash(t, again?.attempt ?? 0, 2)
    },
  },
  {
    clause: 'O2',
    name: 'where a key can not be blocked, asking for it is UNSUPPORTED',
    when: whenNone('O2'),
    async run(t) {
      const consume = async () =>
        t.broker.queue<string>(t.name('none'), { ordering: 'key' }).consume(() => {}, { retry: { onRetry: 'block' } })
      await t.rejects(consume(), 'UNSUPPORTED')
    },
  },
]
