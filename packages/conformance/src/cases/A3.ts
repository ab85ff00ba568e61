import assert from 'node:assert/strict'
import type { Source } from 'anybroker'
import type { Case, Context } from '../case.ts'
import { arrivals } from './kit/arrivals.ts'
import { gate } from './kit/gate.ts'
import { assertAttempt, assertEach, isCount, steady } from './kit/grades.ts'
import { readLetters } from './kit/letters.ts'
import { whenNone } from '../when.ts'

const ALL = ['a', 'b', 'c'] as const

async function peeked(source: Source<string>, max?: number): Promise<readonly string[]> {
  const messages = await source.peek(max === undefined ? {} : { max })
  return messages.map((message) => message.body).toSorted((one, other) => (one < other ? -1 : 1))
}

/** That it shows these: as soon as the broker sees what it has confirmed, and then again and again. */
async function shows(t: Context, source: Source<string>, expected: readonly string[]): Promise<void> {
  await t.until(`peek shows ${expected.length}`, async () => (await peeked(source)).length >= expected.length)
  for (let look = 0; look < 3; look += 1) assert.deepEqual(await peeked(source), [...expected])
}

export const cases: readonly Case[] = [
  {
    clause: 'A3',
    name: 'peek shows what waits, again and again, and takes nothing',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      await queue.sendAll(ALL.map((body) => ({ body })))
      await shows(t, queue, ALL)
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await t.until('all come', () => ALL.every((body) => inbox.bodies.includes(body)))
      await t.quiet()
      assertEach(t, inbox.bodies, ALL, 'what came after the peek')
    },
  },
  {
    clause: 'A3',
    name: 'peek counts no attempt, whoever looked and how often',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      await queue.send('a')
      const elsewhere = (await t.connect()).queue<string>(queue.name)
      for (let look = 0; look < 5; look += 1) await elsewhere.peek()
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      const [delivery] = await inbox.count(1)
      assertAttempt(t, delivery?.attempt ?? 0, 1)
      // With a ceiling the broker may have counted a take that reached nobody here; five looks it would have counted, too.
      if (t.capabilities.D3.attempt === 'ceiling') assert.ok((delivery?.attempt ?? 0) <= 5, 'it counted the looks')
      else assert.equal(delivery?.redelivered, false)
    },
  },
  {
    clause: 'A3',
    name: 'what it shows has body, headers and fields',
    run: async (t) => {
      const queue = t.broker.queue<{ id: number }>(t.name())
      const from = Date.now()
      const { id } = await queue.send(
        { id: 1 },
        { headers: { tenant: 'acme' }, correlationId: 'c-1', contentType: 'application/json' },
      )
      const message = await t.until('peek shows it', async () => (await queue.peek())[0])
      assert.equal(message.id, id)
      assert.deepEqual(message.body, { id: 1 })
      assert.deepEqual({ ...message.headers }, { tenant: 'acme' })
      assert.equal(message.correlationId, 'c-1')
      assert.equal(message.contentType, 'application/json')
      assert.ok(message.sentAt.getTime() >= from)
    },
  },
  {
    clause: 'A3',
    name: 'it shows at most max, by default 10, and nothing of an empty queue',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      await queue.open()
      assert.deepEqual(await peeked(queue), [])
      await queue.sendAll(Array.from({ length: 12 }, () => ({ body: 'a' })))
      await t.until('it shows all twelve', async () => (await peeked(queue, 1_000)).length === 12)
      assert.equal((await peeked(queue)).length, 10)
      assert.equal((await peeked(queue, 3)).length, 3)
      for (const max of [0, -1, 1.5, 1_001, Number.NaN, '10' as unknown as number])
        await t.rejects(queue.peek({ max }), 'TypeError')
    },
  },
  {
    clause: 'A3',
    name: 'it disturbs nobody who works: what is in hand is settled, what waits comes once',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const held = gate(t)
      const inbox = t.inbox<string>(() => held.opened)
      const worker = await queue.consume(inbox.handler, { concurrency: 1, maxUnsettled: 1 })
      const sent = await queue.sendAll(ALL.map((body) => ({ body })))
      await inbox.count(1)
      for (let look = 0; look < 3; look += 1) await queue.peek()
      held.open()
      await arrivals(
        t,
        inbox,
        sent.map(({ id }) => id),
      )
      await worker.close()
      assertEach(t, inbox.bodies, ALL, 'what came beside the peek')
      // Where the service itself may take back and repeat, some may be there again.
      if (!steady(t)) return
      assert.equal(worker.stats.lost, 0)
      assert.deepEqual(await peeked(queue), [])
    },
  },
  {
    clause: 'A3',
    name: 'each subscription shows its own backlog',
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      const early = await topic.durableSubscription(t.name('early'))
      await topic.publish('a')
      const late = await topic.durableSubscription(t.name('late'))
      await topic.publish('b')
      await shows(t, early, ['a', 'b'])
      await shows(t, late, ['b'])
    },
  },
  {
    clause: 'A3',
    name: 'what can not be decoded is left out, stays, and becomes a dead letter only when consumed',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const bytes = (await t.connect()).queue<Uint8Array>(queue.name, { codec: 'bytes' })
      await bytes.send(Uint8Array.of(0xff))
      await queue.send('a')
      await shows(t, queue, ['a'])
      await queue.consume(t.inbox<string>().handler)
      const [letter] = await readLetters(t, queue, 1)
      assert.deepEqual([...(letter?.bytes ?? [])], [0xff])
    },
  },
  {
    clause: 'A3',
    name: 'dead letters show what died and why, and stay where they are',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const worker = await queue.consume((delivery) => delivery.reject({ reason: 'no such customer' }))
      const { id } = await queue.send('a', { headers: { tenant: 'acme' } })
      await t.until('it is dead', () => worker.stats.deadLettered >= 1)
      await t.until('peek shows it', async () => (await queue.deadLetters.peek()).length >= 1)
      for (let look = 0; look < 3; look += 1) {
        const letters = await queue.deadLetters.peek()
        // What the service repeats dies once more.
        assert.ok(isCount(t, letters.length, 1), `${letters.length} letters of one message`)
        for (const letter of letters) {
          assert.equal(letter.id, id)
          assert.equal(letter.body, 'a')
          assert.deepEqual({ ...letter.headers }, { tenant: 'acme' })
          assert.equal(letter.dead.reason, 'rejected')
          assert.match(letter.dead.error ?? '', /no such customer/)
        }
      }
      await readLetters(t, queue, 1)
      if (!steady(t)) return
      assert.deepEqual(await queue.peek(), [])
      assert.deepEqual(await queue.deadLetters.peek(), [])
    },
  },
  {
    clause: 'A3',
    name: 'where it is none, peek is UNSUPPORTED',
    when: whenNone('A3'),
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const subscription = await t.broker.topic<string>(t.name()).durableSubscription(t.name())
      await t.rejects(queue.peek(), 'UNSUPPORTED')
      await t.rejects(subscription.peek(), 'UNSUPPORTED')
      await t.rejects(queue.deadLetters.peek(), 'UNSUPPORTED')
    },
  },
]
