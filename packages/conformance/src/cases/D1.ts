import assert from 'node:assert/strict'
import type { Delivery } from 'anybroker'
import type { Case } from '../case.ts'
import { whenAll } from '../when.ts'
import { cut } from './kit/cut.ts'
import { gate } from './kit/gate.ts'
import { assertAttempt, assertEach, steady, untilEach } from './kit/grades.ts'
import { assertNoLetters, readLetters } from './kit/letters.ts'
import { quick } from './kit/quick.ts'
import { take, takeThese } from './kit/take.ts'

/** What a handler may throw, on purpose or not. None of it may reach a client library. */
const THROWN: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['a string', 'out of stock'],
  ['zero', 0],
  ['a bigint', 10n],
  ['a symbol', Symbol('thrown')],
  ['a frozen object', Object.freeze({ reason: 'frozen' })],
  ['a frozen error', Object.freeze(new Error('frozen'))],
  ['an object without a prototype', Object.create(null)],
  ['an error without a stack', Object.assign(new Error('bare'), { stack: undefined })],
  [
    'an error whose message throws',
    Object.defineProperty(new Error('x'), 'message', {
      get() {
        throw new Error('the message of what was thrown threw')
      },
    }),
  ],
  ['a revoked proxy', revoked()],
  ['an error that is its own cause', selfCaused()],
]

/** What a handler may return. None of it means anything. */
const RETURNED: readonly (readonly [string, unknown])[] = [
  ['false', false],
  ['null', null],
  ['zero', 0],
  ['an error', new Error('returned, not thrown')],
  ['a verb', 'reject'],
  ['a function', () => 'retry'],
  ['settled rejections', [{ status: 'rejected', reason: new Error('held in a value') }]],
  ['an object that names a verb', { retry: true, reject: true, requeue: true }],
]

export const cases: readonly Case[] = [
  {
    clause: 'D1',
    name: 'deliveries in hand are acked, retried and rejected in any order',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('any-order'), { retry: quick })
      await queue.sendAll(['a', 'b', 'c', 'd', 'e', 'f'].map((body) => ({ body })))
      const loop = queue.receive()
      const deliveries = loop[Symbol.asyncIterator]()
      const hand = await takeThese(t, deliveries, ['a', 'b', 'c', 'd', 'e', 'f'])

      // Each is awaited before the next is settled: none may wait for one that is still in hand.
      await t.within(hand.of('f').ack(), 'the ack of f')
      await t.within(hand.of('c').reject({ reason: 'unwanted' }), 'the reject of c')
      await t.within(hand.of('e').retry({ delayMs: 0 }), 'the retry of e')
      await t.within(hand.of('a').ack(), 'the ack of a')
      await t.within(hand.of('d').reject(), 'the reject of d')
      await t.within(hand.of('b').retry(), 'the retry of b')

      const again = await takeThese(t, deliveries, ['b', 'e'])
      for (const delivery of again.all) {
        assertAttempt(t, delivery.attempt, 2)
        await t.within(delivery.ack(), `the ack of ${delivery.body}`)
      }
      await loop.close()

      const letters = await readLetters(t, queue, 2)
      assert.deepEqual(letters.map(({ body }) => String(body)).toSorted(), ['c', 'd'])
      for (const letter of letters) assert.equal(letter.dead?.reason, 'rejected')
      const rest = t.inbox<string>()
      await queue.consume(rest.handler)
      await t.quiet()
      assertEach(t, rest.bodies, [], 'nothing is left on the queue', ['a', 'b', 'c', 'd', 'e', 'f'])
    },
  },
  {
    clause: 'D1',
    name: 'what was acked is gone, though its consumer closes at once',
    async run(t) {
      const name = t.name('acked')
      const queue = t.broker.queue<string>(name)
      await queue.sendAll(['a', 'b', 'c'].map((body) => ({ body })))
      const loop = queue.receive()
      const hand = await takeThese(t, loop[Symbol.asyncIterator](), ['a', 'b', 'c'])
      await t.within(hand.of('c').ack(), 'the ack of c')
      await t.within(hand.of('a').ack(), 'the ack of a')
      await t.within(loop.close({ drainMs: 0 }), 'the close of the loop')

      // b was in hand, unsettled: it comes back, and alone.
      const other = await t.connect()
      const inbox = t.inbox<string>()
      await other.queue<string>(name).consume(inbox.handler)
      await t.until('b comes back', () => inbox.bodies.includes('b'))
      await t.quiet()
      assertEach(t, inbox.bodies, ['b'], 'only what was not acked comes back', ['a', 'c'])
    },
  },
  {
    clause: 'D1',
    name: 'an ack that resolved holds when the connection is cut right after',
    needs: ['breakConnection'],
    when: ({ capabilities }) =>
      capabilities.D1.evidence === 'confirmed' ||
      `the evidence of an ack is ${capabilities.D1.evidence}, not confirmed`,
    async run(t) {
      const queue = t.broker.queue<string>(t.name('evidence'))
      await queue.sendAll(['a', 'b', 'c'].map((body) => ({ body })))
      const loop = queue.receive()
      const hand = await takeThese(t, loop[Symbol.asyncIterator](), ['a', 'b', 'c'])
      await t.within(Promise.all([hand.of('b').ack(), hand.of('a').ack()]), 'the acks')
      await cut(t, t.broker)
      await t.within(loop.close({ drainMs: 0 }), 'the close of the loop', 7_000)
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await t.until('c comes back', () => inbox.bodies.includes('c'), 20_000)
      await t.quiet()
      assertEach(t, inbox.bodies, ['c'], 'what was acked stays acked', ['a', 'b'])
    },
  },
  {
    clause: 'D1',
    name: 'the slot is free at the settle, not when the handler ends',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('slot'))
      await queue.sendAll(['first', 'second', 'third'].map((body) => ({ body })))
      const all = gate(t)
      const acks: Promise<void>[] = []
      const inbox = t.inbox<string>(async (delivery) => {
        if (acks.length === 2) all.open()
        // Settled, and not awaited. The handler goes on until the others have begun, for which they need its only slot.
        acks.push(delivery.ack())
        await all.opened
      })
      const worker = await queue.consume(inbox.handler, { concurrency: 1 })
      await untilEach(t, () => inbox.bodies, ['first', 'second', 'third'])
      await t.within(Promise.all(acks), 'the acks')
      await t.until('all three acked', () => worker.stats.acked >= 3)
      assertEach(t, inbox.bodies, ['first', 'second', 'third'], 'each ran')
    },
  },
  {
    clause: 'D1',
    name: 'credit is free at the settle, not at its promise',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('credit'), { retry: quick })
      await queue.sendAll(['a', 'b', 'c'].map((body) => ({ body })))
      const loop = queue.receive({ maxUnsettled: 1 })
      const deliveries = loop[Symbol.asyncIterator]()
      const seen: string[] = []
      const settling: Promise<void>[] = []
      while (new Set(seen).size < 3) {
        const delivery = await take(t, deliveries)
        settling.push(seen.push(delivery.body) === 2 ? delivery.reject() : delivery.ack())
      }
      await t.within(Promise.all(settling), 'the settles')
      assertEach(t, seen, ['a', 'b', 'c'], 'each was handed out')
    },
  },
  {
    clause: 'D1',
    name: 'the key is free at the settle, not when the handler ends',
    when: whenAll('D1', 'O1'),
    async run(t) {
      const queue = t.broker.queue<string>(t.name('lane'), { ordering: 'key' })
      for (const body of ['first', 'second']) await queue.send(body, { key: 'k' })
      const second = gate(t)
      const acks: Promise<void>[] = []
      const inbox = t.inbox<string>(async (delivery) => {
        if (delivery.body === 'second') second.open()
        acks.push(delivery.ack())
        await second.opened
      })
      await queue.consume(inbox.handler, { concurrency: 4 })
      await inbox.count(2)
      await t.within(Promise.all(acks), 'the acks')
      assert.deepEqual(inbox.bodies.slice(0, 2), ['first', 'second'])
    },
  },
  {
    clause: 'D1',
    name: 'a handler that resolves acks, whatever it resolves with',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('returned'), { retry: quick })
      await queue.sendAll(RETURNED.map(([body]) => ({ body })))
      const values = new Map(RETURNED)
      const seen: string[] = []
      const worker = await queue.consume(
        (delivery) => {
          seen.push(delivery.body)
          // Some at once, some later.
          return seen.length % 2 === 0 ? values.get(delivery.body) : Promise.resolve(values.get(delivery.body))
        },
        { concurrency: 2 },
      )
      const bodies = RETURNED.map(([body]) => body)
      await untilEach(t, () => seen, bodies)
      await t.until('all acked', () => worker.stats.acked >= bodies.length)
      await t.quiet()
      assertEach(t, seen, bodies, 'none came again')
      assert.equal(worker.stats.retried, 0)
      await assertNoLetters(t, queue)
    },
  },
  {
    clause: 'D1',
    name: 'a handler that throws retries, whatever it throws',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('thrown'), { retry: quick })
      await queue.sendAll(THROWN.map(([body]) => ({ body })))
      const values = new Map(THROWN)
      const attempts = new Map<string, number[]>()
      const worker = await queue.consume(
        (delivery) => {
          const before = attempts.get(delivery.body) ?? []
          attempts.set(delivery.body, [...before, delivery.attempt])
          if (before.length > 0) return undefined
          const thrown = values.get(delivery.body)
          if (delivery.body.length % 2 === 0) throw thrown
          return Promise.reject(thrown)
        },
        { concurrency: 4 },
      )
      await t.until('each came twice', () => THROWN.every(([body]) => (attempts.get(body)?.length ?? 0) >= 2))
      await t.until('all acked at last', () => worker.stats.acked >= THROWN.length)
      for (const [body] of THROWN) assertAttempt(t, attempts.get(body)?.[1] ?? 0, 2)

      // The consumer lives on.
      await queue.send('after all that')
      await t.until('one more', () => attempts.has('after all that'))
    },
  },
  {
    clause: 'D1',
    name: 'of a batch that was thrown away, only what it left unsettled is retried',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('batch'), { retry: quick })
      const bodies = ['acked', 'rejected', 'left', 'left too']
      await queue.sendAll(bodies.map((body) => ({ body })))
      const seen: Delivery<string>[] = []
      await queue.consumeBatch(
        async (batch) => {
          const known = new Set(seen.map((delivery) => delivery.body))
          seen.push(...batch)
          for (const delivery of batch) {
            if (delivery.body === 'acked') await delivery.ack()
            if (delivery.body === 'rejected') await delivery.reject({ reason: 'no' })
          }
          if (batch.some(({ body }) => body.startsWith('left') && !known.has(body)))
            throw new Error('in the middle of a batch')
        },
        { maxBatch: 4 },
      )
      const count = (body: string) => seen.filter((delivery) => delivery.body === body).length
      await t.until('what was left came again', () => count('left') >= 2 && count('left too') >= 2)
      const [letter] = await readLetters(t, queue, 1)
      assert.equal(letter?.body, 'rejected')
      if (steady(t)) {
        assert.equal(count('acked'), 1)
        assert.equal(count('rejected'), 1)
      }
    },
  },
]

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function selfCaused(): Error {
  const error = new Error('round and round')
  error.cause = error
  return error
}
