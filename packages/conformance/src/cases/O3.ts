import assert from 'node:assert/strict'
import type { RetryPolicy } from 'anybroker'
import type { Case } from '../case.ts'
import { whenAll, whenNone } from '../when.ts'
import { cut } from './kit/cut.ts'
import { assertAttempt, assertExhausted, steady, untilEach } from './kit/grades.ts'
import { readLetters } from './kit/letters.ts'
import { quick } from './kit/quick.ts'
import { take } from './kit/take.ts'

const ordered = whenAll('O1', 'O3')
const overtake: RetryPolicy = { ...quick, onRetry: 'overtake' }

export const cases: readonly Case[] = [
  {
    clause: 'O3',
    name: 'a retried message goes behind what was sent, a copy that carries its attempt',
    when: ordered,
    async run(t) {
      const queue = t.broker.queue<string>(t.name('tail'), { ordering: 'key', retry: overtake })
      const sent = []
      const bodies = ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8']
      for (const body of bodies)
        sent.push(await queue.send(body, { key: 'a', headers: { of: body }, correlationId: `c-${body}` }))
      const inbox = t.inbox<string>(({ body }) => {
        if (body === 'a1' && inbox.bodies.filter((each) => each === 'a1').length === 1) throw new Error('later')
      })
      // Fewer in hand than there are: what keeps its place would be seen to.
      await queue.consume(inbox.handler, { concurrency: 1, maxUnsettled: 2 })
      const ofFirst = () => inbox.deliveries.filter(({ body }) => body === 'a1')
      await t.until('the retried one comes again', () => ofFirst().length >= 2)
      await untilEach(t, () => inbox.bodies, bodies)
      if (steady(t)) assert.deepEqual([...inbox.bodies], [...bodies, 'a1'])
      assert.deepEqual([...new Set(inbox.bodies)], bodies)
      const [, again] = ofFirst()
      assert.ok(again)
      assertAttempt(t, again.attempt, 2)
      assert.equal(again.id, sent[0]?.id, 'the same message')
      assert.equal(again.key, 'a')
      assert.equal(again.correlationId, 'c-a1')
      assert.deepEqual({ ...again.headers }, { of: 'a1' })
      assert.equal(again.sentAt.getTime(), inbox.deliveries[0]?.sentAt.getTime(), 'sent when it was sent')
    },
  },
  {
    clause: 'O3',
    name: 'its key flows on while it waits for its delay, which is not early',
    when: ordered,
    async run(t) {
      const queue = t.broker.queue<string>(t.name('flows'), { ordering: 'key', retry: overtake })
      for (const body of ['a1', 'a2', 'a3']) await queue.send(body, { key: 'a' })
      let retried = 0
      let returned = 0
      const inbox = t.inbox<string>(async (delivery) => {
        if (delivery.body !== 'a1') return
        if (retried > 0) {
          returned ||= performance.now()
          return
        }
        retried = performance.now()
        await delivery.retry({ delayMs: 1_200 })
      })
      await queue.consume(inbox.handler)
      await t.until('it came again', () => returned > 0)
      if (steady(t)) assert.deepEqual([...inbox.bodies], ['a1', 'a2', 'a3', 'a1'])
      const passed = inbox.bodies.slice(0, inbox.bodies.indexOf('a1', 1))
      assert.deepEqual([...new Set(passed)], ['a1', 'a2', 'a3'])
      assert.ok(returned - retried >= 1_200 - 2, `after ${returned - retried} ms instead of 1,200`)
    },
  },
  {
    clause: 'O3',
    name: 'attempts are counted over all copies, and the last one goes to the dead letters once',
    when: ordered,
    async run(t) {
      const queue = t.broker.queue<string>(t.name('dies'), { ordering: 'key', retry: overtake })
      const sent = await queue.send('poison', { key: 'a', headers: { of: 'poison' } })
      for (const body of ['a2', 'a3']) await queue.send(body, { key: 'a' })
      const inbox = t.inbox<string>(({ body }) => {
        if (body === 'poison') throw new Error('always')
      })
      const worker = await queue.consume(inbox.handler)
      await t.until('it is dead, the others done', () => worker.stats.deadLettered >= 1 && worker.stats.acked >= 2)
      const attempts = inbox.deliveries.filter(({ body }) => body === 'poison').map(({ attempt }) => attempt)
      assertExhausted(t, attempts, quick.maxAttempts)
      const [letter] = await readLetters(t, queue, 1)
      assert.equal(letter?.id, sent.id)
      assert.equal(letter.dead?.reason, 'max-attempts')
      assert.deepEqual({ ...letter.headers }, { of: 'poison' })
    },
  },
  {
    clause: 'O3',
    name: 'a copy outlives the consumer that made it, with its attempt',
    when: ordered,
    async run(t) {
      const name = t.name('outlives')
      const queue = t.broker.queue<string>(name, { ordering: 'key', retry: overtake })
      for (const body of ['a1', 'a2']) await queue.send(body, { key: 'a' })
      const loop = queue.receive()
      const first = await take(t, loop[Symbol.asyncIterator]())
      assert.equal(first.body, 'a1')
      await t.within(first.retry({ delayMs: 0 }), 'the retry of a1')
      await t.within(loop.close(), 'the close of the loop')
      const inbox = t.inbox<string>()
      const other = await t.connect()
      await other.queue<string>(name, { ordering: 'key', retry: overtake }).consume(inbox.handler)
      await untilEach(t, () => inbox.bodies, ['a1', 'a2'], 10_000)
      await t.quiet()
      const again = inbox.deliveries.find(({ body }) => body === 'a1')
      assert.ok(again, 'it is not lost')
      // Confirmed before the promise resolved: no crash is involved, so a floor is exact here.
      assertAttempt(t, again.attempt, 2)
      if (steady(t)) assert.equal(inbox.deliveries.length, 2, 'nor is it there twice')
    },
  },
  {
    clause: 'O3',
    name: 'the copy is there before the ack: a cut in the middle loses nothing',
    when: ordered,
    needs: ['breakConnection'],
    timeoutMs: 90_000,
    async run(t) {
      const queue = t.broker.queue<string>(t.name('cut'), {
        ordering: 'key',
        // Enough for all the cuts, also where each is waited for because nobody is told of it.
        retry: { onRetry: 'overtake', maxAttempts: 100, backoff: { initialMs: 200, factor: 1, jitter: 0 } },
      })
      const bodies = Array.from({ length: 12 }, (_, n) => `m${n}`)
      await queue.sendAll(bodies.map((body, n) => ({ body, key: `k${n % 3}` })))
      const done = new Set<string>()
      let passes = false
      const worker = await queue.consume(
        ({ body }) => {
          if (!passes) throw new Error('around again')
          done.add(body)
        },
        { concurrency: 3, leaseMs: 1_000 },
      )
      for (let cuts = 0; cuts < 3; cuts += 1) {
        const before = worker.stats.retried
        await t.until('copies are made', () => worker.stats.retried >= before + 5, 20_000)
        await cut(t, t.broker)
      }
      passes = true
      await t.until('each is there', () => done.size === bodies.length, 20_000)
    },
  },
  {
    clause: 'O3',
    name: 'where a message can not go to the tail, asking for it is UNSUPPORTED',
    when: whenNone('O3'),
    async run(t) {
      const consume = async () =>
        t.broker.queue<string>(t.name('none'), { ordering: 'key' }).consume(() => {}, { retry: overtake })
      await t.rejects(consume(), 'UNSUPPORTED')
    },
  },
]
