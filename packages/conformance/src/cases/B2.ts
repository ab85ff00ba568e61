import assert from 'node:assert/strict'
import type { Outgoing, SendOutcome } from 'anybroker'
import type { Case } from '../case.ts'
import { assertEach, untilEach } from './kit/grades.ts'
import { orderSchema, type Order } from './kit/order-schema.ts'

/** Above the portable limit of 180 KiB. */
const TOO_LARGE = 181 * 1024

export const cases: readonly Case[] = [
  {
    clause: 'B2',
    name: 'concurrent sends each get a result of their own, and each arrives',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('each'))
      const bodies = Array.from({ length: 300 }, (_, n) => `m${n}`)
      const sent = await t.within(
        Promise.all(bodies.map((body) => queue.send(body, { headers: { body } }))),
        'the sends',
        10_000,
      )
      assert.equal(new Set(sent.map(({ id }) => id)).size, bodies.length, 'each has an id of its own')
      assert.ok(
        sent.every(({ evidence }) => typeof evidence === 'string' && evidence.length > 0),
        'each has the word of the broker',
      )
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler, { concurrency: 50 })
      await untilEach(t, () => inbox.bodies, bodies, 10_000)
      await t.quiet()
      assertEach(t, inbox.bodies, bodies, 'each arrives')
      const idOf = new Map(bodies.map((body, index) => [body, sent[index]?.id]))
      for (const { id, body, headers } of inbox.deliveries) {
        assert.equal(id, idOf.get(body), `the id of ${body} is what its send said`)
        assert.equal(headers['body'], body, 'headers stay with their body')
      }
    },
  },
  {
    clause: 'B2',
    name: 'sendAll answers in order, over more and larger messages than one batch takes',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('many'))
      assert.deepEqual(await queue.sendAll([]), [], 'an empty list resolves')
      // 4 MB in all: several times what a broker takes at once, in count and in bytes.
      const large = Array.from({ length: 24 }, (_, n) => `${n} ${'x'.repeat(150_000)}`)
      const small = Array.from({ length: 230 }, (_, n) => `small ${n}`)
      const bodies = [...small, ...large]
      function* messages(): Generator<Outgoing<string>> {
        for (const [n, body] of bodies.entries()) yield { body, id: `${queue.name}-${n}` }
      }
      const sent = await t.within(queue.sendAll(messages()), 'sendAll', 20_000)
      assert.deepEqual(
        sent.map(({ id }) => id),
        bodies.map((_, n) => `${queue.name}-${n}`),
        'one answer per message, in their order',
      )
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler, { concurrency: 20 })
      await untilEach(t, () => inbox.bodies, bodies, 15_000)
      await t.quiet()
      assertEach(t, inbox.bodies, bodies, 'each arrives')
    },
  },
  {
    clause: 'B2',
    name: 'one of many that cannot be sent fails alone, with what became of each',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('part'))
      const bodies = Array.from({ length: 30 }, (_, n) => (n === 7 || n === 21 ? 'x'.repeat(TOO_LARGE) : `fits ${n}`))
      const error = await t.rejects(queue.sendAll(bodies.map((body) => ({ body }))), 'MESSAGE_TOO_LARGE')
      assert.ok('outcomes' in error && Array.isArray(error.outcomes), 'it holds the outcomes')
      const outcomes = error.outcomes as readonly SendOutcome[]
      assert.equal(outcomes.length, 30)
      for (const [n, outcome] of outcomes.entries()) {
        assert.equal(outcome.as, n === 7 || n === 21 ? 'refused' : 'confirmed', `message ${n}`)
        if (outcome.as === 'confirmed') assert.ok(outcome.evidence.length > 0)
        else assert.match(outcome.error.message, /large|limit|bytes/)
      }
      const confirmed = outcomes.filter(({ as }) => as === 'confirmed')
      assert.equal(new Set(confirmed.map(({ id }) => id)).size, 28, 'each has an id of its own')
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler, { concurrency: 10 })
      const fits = bodies.filter((body) => body.startsWith('fits'))
      await untilEach(t, () => inbox.bodies, fits)
      await t.quiet()
      assertEach(t, inbox.bodies, fits, 'what was confirmed arrives, what was refused does not')
    },
  },
  {
    clause: 'B2',
    name: 'of concurrent sends, one that fails leaves its neighbours alone',
    async run(t) {
      const queue = t.broker.queue<Order>(t.name('neighbours'), { schema: orderSchema })
      const gone = new Error('never mind')
      const broken = { id: 2, total: 'two' } as unknown as Order
      const results = await t.within(
        Promise.allSettled([
          queue.send({ id: 1, total: 1 }),
          queue.send(broken),
          queue.send({ id: 3, total: 3 }),
          queue.send({ id: 4, total: 4 }, { headers: { 'x-reserved': 'no' } }),
          queue.send({ id: 5, total: 5 }),
          queue.send({ id: 6, total: 6 }, { signal: AbortSignal.abort(gone) }),
          queue.send({ id: 7, total: 7 }),
        ]),
        'the sends',
      )
      const reasons = results.map((result) => (result.status === 'rejected' ? (result.reason as unknown) : 'sent'))
      assert.deepEqual(
        reasons.map((reason) => reason === 'sent'),
        [true, false, true, false, true, false, true],
      )
      const [, invalid, , reserved, , aborted] = reasons
      assert.ok(invalid instanceof Error && 'code' in invalid && invalid.code === 'INVALID_MESSAGE')
      assert.ok('outcome' in invalid && invalid.outcome === 'refused', 'provably not sent')
      assert.ok(reserved instanceof TypeError)
      assert.equal(aborted, gone)
      const inbox = t.inbox<Order>()
      await queue.consume(inbox.handler)
      await untilEach(t, () => inbox.bodies.map(({ id }) => String(id)), ['1', '3', '5', '7'])
      await t.quiet()
      assertEach(
        t,
        inbox.bodies.map(({ id }) => String(id)),
        ['1', '3', '5', '7'],
        'the neighbours arrive',
      )
    },
  },
  {
    clause: 'B2',
    name: 'publishAll is to a topic what sendAll is to a queue',
    async run(t) {
      const topic = t.broker.topic<string>(t.name('topic'))
      const subscription = await topic.durableSubscription('all')
      const bodies = Array.from({ length: 60 }, (_, n) => `p${n}`)
      const error = await t.rejects(
        topic.publishAll(
          [...bodies, 'x'.repeat(TOO_LARGE)].map((body) => ({ body, headers: { n: body.slice(0, 9) } })),
        ),
        'MESSAGE_TOO_LARGE',
      )
      assert.ok('outcomes' in error && Array.isArray(error.outcomes))
      const outcomes = error.outcomes as readonly SendOutcome[]
      assert.deepEqual(
        outcomes.map(({ as }) => as),
        [...bodies.map(() => 'confirmed'), 'refused'],
      )
      const inbox = t.inbox<string>()
      await subscription.consume(inbox.handler, { concurrency: 10 })
      await untilEach(t, () => inbox.bodies, bodies)
      await t.quiet()
      assertEach(t, inbox.bodies, bodies, 'each arrives')
      for (const { body, headers } of inbox.deliveries) assert.equal(headers['n'], body)
    },
  },
]
