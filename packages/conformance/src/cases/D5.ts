import assert from 'node:assert/strict'
import type { BrokerEvents, Delivery } from 'anybroker'
import type { Case } from '../case.ts'
import { assertEach, untilEach } from './kit/grades.ts'
import { assertNoLetters, readLetters } from './kit/letters.ts'
import { quick } from './kit/quick.ts'
import { takeThese } from './kit/take.ts'

const VERBS = ['ack', 'retry', 'reject'] as const
type Verb = (typeof VERBS)[number]

const settle = (delivery: Delivery<string>, verb: Verb): Promise<void> =>
  verb === 'retry' ? delivery.retry({ delayMs: 0 }) : delivery[verb]()

export const cases: readonly Case[] = [
  {
    clause: 'D5',
    name: 'the same verb again returns the same promise',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('same'), { retry: quick })
      await queue.sendAll(VERBS.map((body) => ({ body })))
      const loop = queue.receive()
      const hand = await takeThese<string>(t, loop[Symbol.asyncIterator](), VERBS)
      for (const verb of VERBS) {
        const delivery = hand.of(verb)
        const first = settle(delivery, verb)
        assert.equal(settle(delivery, verb), first, `${verb} at once`)
        if (verb === 'retry') assert.equal(delivery.retry({ delayMs: 60_000 }), first, 'other options change nothing')
        if (verb === 'reject') assert.equal(delivery.reject({ reason: 'later' }), first, 'nor do these')
        await t.within(first, `the ${verb}`)
        assert.equal(settle(delivery, verb), first, `${verb} after its promise`)
      }
      await loop.close()
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await t.until('the retried one', () => inbox.bodies.includes('retry'))
      await readLetters(t, queue, 1)
      assertEach(t, inbox.bodies, ['retry'], 'each verb counted once', ['ack', 'reject'])
    },
  },
  {
    clause: 'D5',
    name: 'another verb is CONFLICT, and the first one stands',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('conflict'), { retry: quick })
      const pairs = VERBS.flatMap((first) =>
        VERBS.filter((second) => second !== first).map((second) => ({
          first,
          second,
          body: `${first} then ${second}`,
        })),
      )
      await queue.sendAll(pairs.map(({ body }) => ({ body })))
      const loop = queue.receive()
      const bodies = pairs.map(({ body }) => body)
      const hand = await takeThese(t, loop[Symbol.asyncIterator](), bodies)
      const settled: Promise<void>[] = []
      for (const [n, { first, second, body }] of pairs.entries()) {
        const delivery = hand.of(body)
        const promise = settle(delivery, first)
        settled.push(promise)
        // Half of them in the same breath, half of them after the broker's answer.
        if (n % 2 === 0) await t.within(promise, `the ${first}`)
        await t.rejects(settle(delivery, second), 'CONFLICT')
        assert.equal(settle(delivery, first), promise, `the ${first} is still the ${first}`)
      }
      await t.within(Promise.all(settled), 'the first verbs')
      await loop.close()

      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      const of = (verb: Verb) => pairs.filter(({ first }) => first === verb).map(({ body }) => body)
      await untilEach(t, () => inbox.bodies, of('retry'))
      const letters = await readLetters(t, queue, 2)
      assertEach(t, inbox.bodies, of('retry'), 'what was retried came again, and nothing else', [
        ...of('ack'),
        ...of('reject'),
      ])
      assert.deepEqual(letters.map(({ body }) => String(body)).toSorted(), of('reject').toSorted())
    },
  },
  {
    clause: 'D5',
    name: 'a handler that settles and then throws changes nothing, and is told of',
    async run(t) {
      const name = t.name('then-throws')
      const queue = t.broker.queue<string>(name, { retry: quick })
      const told: BrokerEvents['thrownAfterSettle'][] = []
      const rejects: Promise<void>[] = []
      t.broker.on('thrownAfterSettle', (facts) => told.push(facts))
      const inbox = t.inbox<string>(async (delivery) => {
        if (delivery.body === 'ack') await delivery.ack()
        if (delivery.body === 'reject') rejects.push(delivery.reject({ reason: 'first' }))
        throw new Error(`after ${delivery.body}`)
      })
      const worker = await queue.consume(inbox.handler)
      await queue.sendAll([{ body: 'ack' }, { body: 'reject' }])
      await t.until('both told', () => told.length >= 2)
      await t.within(Promise.all(rejects), 'the reject')
      await t.until('both settled', () => worker.stats.acked + worker.stats.deadLettered >= 2)
      const [letter] = await readLetters(t, queue, 1)
      assert.equal(letter?.body, 'reject')
      assert.equal(letter.dead?.error, 'first')
      assertEach(t, inbox.bodies, ['ack', 'reject'], 'neither was retried')
      assert.equal(worker.stats.retried, 0)
      for (const { source, error } of told) {
        assert.equal(source, name)
        assert.ok(error instanceof Error && error.message.startsWith('after '))
      }
    },
  },
  {
    clause: 'D5',
    name: 'a handler that settles and then returns does not ack as well',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('then-returns'), { retry: quick })
      const failed: unknown[] = []
      const rejects: Promise<void>[] = []
      t.broker.on('settleFailed', (facts) => failed.push(facts))
      const inbox = t.inbox<string>(async (delivery) => {
        const first = inbox.bodies.filter((body) => body === delivery.body).length === 1
        if (delivery.body === 'reject') rejects.push(delivery.reject())
        else if (first) await delivery.retry({ delayMs: 0 })
      })
      const worker = await queue.consume(inbox.handler)
      await queue.sendAll([{ body: 'retry' }, { body: 'reject' }])
      await t.until('the retried one came again', () => worker.stats.acked >= 1)
      await t.within(Promise.all(rejects), 'the reject')
      await readLetters(t, queue, 1)
      assertEach(
        t,
        inbox.bodies,
        ['retry', 'retry', 'reject'].slice(t.capabilities.Q4.duplicates === 'none' ? 0 : 1),
        'as settled',
      )
      assert.deepEqual(failed, [], 'ending is no second settle')
    },
  },
  {
    clause: 'D5',
    name: 'two handlers of one delivery in a batch settle it once',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('racing'), { retry: quick })
      const outcomes: PromiseSettledResult<void>[][] = []
      const worker = await queue.consumeBatch(async (batch) => {
        for (const delivery of batch) {
          // Both in one turn, as two branches of an application would.
          outcomes.push(await Promise.allSettled([delivery.ack(), delivery.reject({ reason: 'too late' })]))
        }
      })
      await queue.send('once')
      await t.until('it was settled', () => outcomes.length >= 1 && worker.stats.acked >= 1)
      assert.deepEqual(
        outcomes[0]?.map(({ status }) => status),
        ['fulfilled', 'rejected'],
      )
      await assertNoLetters(t, queue)
    },
  },
]
