import assert from 'node:assert/strict'
import type { BrokerEvents, DeadLettered, Queue, Source } from 'anybroker'
import type { Case, Context } from '../case.ts'
import { whenAll } from '../when.ts'
import { ack } from './kit/ack.ts'
import { assertAttempt, assertEach, isCount, steady } from './kit/grades.ts'
import { assertNoLetters, readLetters } from './kit/letters.ts'
import { orderSchema, type Order } from './kit/order-schema.ts'
import { quick } from './kit/quick.ts'
import { take } from './kit/take.ts'

export const cases: readonly Case[] = [
  {
    clause: 'D9',
    name: 'dead letters are counted, as exactly as depth is',
    when: whenAll('D9', 'A2'),
    async run(t) {
      const queue = t.broker.queue<string>(t.name('counted'))
      await queue.open()
      assert.equal(await queue.deadLetters.count(), 0)
      await kill(t, queue, ['a', 'b', 'c'])
      // Where the service itself may repeat a message, it may die again, and one that is gone may be counted.
      await t.until('the count is 3', async () => isCount(t, await queue.deadLetters.count(), 3))
      const loop = queue.deadLetters.receive()
      const letter = await take(t, loop[Symbol.asyncIterator]())
      await t.within(letter.ack(), 'the ack of a letter')
      await loop.close()
      await t.until('the count is 2', async () => isCount(t, await queue.deadLetters.count(), 2))
    },
  },
  {
    clause: 'D9',
    name: 'receive({ untilEmpty: true }) ends, with letters and without',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('ends'))
      await queue.open()
      assert.deepEqual(await t.within(drain(t, queue), 'an empty loop ends'), [])
      await kill(t, queue, ['a', 'b', 'c', 'd', 'e'])
      const seen: string[] = []
      // As eventual as the broker is: what it does not show yet, a later loop finds.
      await t.until('all letters', async () => {
        seen.push(...(await t.within(drain(t, queue), 'the loop ends')))
        return new Set(seen).size >= 5
      })
      assertEach(t, seen, ['a', 'b', 'c', 'd', 'e'], 'each letter once')

      await queue.send('alive')
      const alive: string[] = []
      await t.until('the queue itself', async () => {
        for await (const delivery of queue.receive({ untilEmpty: true })) {
          if (await ack(t, delivery)) alive.push(delivery.body)
        }
        return alive.includes('alive')
      })
      assertEach(t, alive, ['alive'], 'a loop over a queue ends as well', ['a', 'b', 'c', 'd', 'e'])
    },
  },
  {
    clause: 'D9',
    name: 'of a letter, ack drops, reject drops, and retry keeps',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('verbs'))
      await kill(t, queue, ['ack', 'reject', 'retry', 'nothing'])
      const loop = queue.deadLetters.receive()
      const deliveries = loop[Symbol.asyncIterator]()
      const settled = new Set<string>()
      const gone: string[] = []
      while (settled.size < 4) {
        const letter = await take(t, deliveries, 'a letter')
        const verb = letter.body ?? 'none'
        if (settled.has(verb)) continue
        settled.add(verb)
        assert.ok(letter.dead, 'a letter says why and whence')
        if (verb === 'ack' || verb === 'reject') gone.push(letter.id)
        if (verb === 'ack') await letter.ack()
        if (verb === 'reject') await letter.reject({ reason: 'for good' })
        if (verb === 'retry') await letter.retry({ delayMs: 0 })
      }
      await t.within(loop.close({ drainMs: 0 }), 'the close of the loop', 7_000)
      const letters = await readLetters(t, queue, 2, gone)
      assert.deepEqual(letters.map(({ body }) => String(body)).toSorted(), ['nothing', 'retry'])
    },
  },
  {
    clause: 'D9',
    name: 'redrive sends letters back to where they came from, untouched, attempts from 1',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('redrive'), { retry: quick })
      const sent = await queue.send('a', { headers: { colour: 'grün' }, correlationId: 'c-7' })
      const letters: DeadLettered[] = []
      const failing = await queue.consume(
        () => {
          throw new Error('not yet')
        },
        { onDeadLetter: (letter) => letters.push(letter) },
      )
      await t.until('it died', () => letters.length >= 1)
      await failing.close()

      await redriveOne(t, queue)
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      const [again] = await inbox.count(1)
      assert.ok(again)
      assert.equal(again.body, 'a')
      assert.equal(again.id, sent.id)
      assert.deepEqual({ ...again.headers }, { colour: 'grün' })
      assert.equal(again.correlationId, 'c-7')
      assert.equal(again.dead, undefined, 'it is no dead letter any more')
      // What the service repeats looks like what was redriven.
      if (steady(t)) assertAttempt(t, again.attempt, 1)
      await assertNoLetters(t, queue, [sent.id])
      assertEach(t, inbox.bodies, ['a'], 'it came once')
    },
  },
  {
    clause: 'D9',
    name: 'redrive({ where, change, max }) takes what it is told, mends it on the way and leaves the rest',
    async run(t) {
      const queue = t.broker.queue<{ readonly n: number; readonly mended?: boolean }>(t.name('mend'))
      await kill(
        t,
        queue,
        Array.from({ length: 6 }, (_, n) => ({ n })),
      )
      const even: number[] = []
      let redriven = 0
      await t.until('two of the even ones', async () => {
        const answer = await queue.deadLetters.redrive({
          where: ({ body, dead }) => dead.reason === 'rejected' && body !== undefined && body.n % 2 === 0,
          change: ({ body }) => ({ body: { n: body?.n ?? -1, mended: true }, headers: { mended: 'yes' } }),
          max: 2 - redriven,
        })
        redriven += answer.redriven
        return redriven >= 2
      })
      assert.equal(redriven, 2, 'no more than max')
      const inbox = t.inbox<{ readonly n: number; readonly mended?: boolean }>()
      await queue.consume(inbox.handler)
      // Where the service repeats, what it had killed may come again, and one letter may have been redriven twice.
      const mended = () => inbox.deliveries.filter(({ body }) => steady(t) || body.mended === true)
      await t.until('both come', () => mended().length >= 2)
      await t.quiet()
      const came = mended()
      for (const { body, headers } of came) {
        even.push(body.n)
        assert.equal(body.mended, true)
        assert.deepEqual({ ...headers }, { mended: 'yes' })
      }
      const different = new Set(even).size
      assert.ok(different === 2 || (different === 1 && !steady(t)), `redriven: ${even.join(', ')}`)
      assert.ok(
        even.every((n) => n % 2 === 0),
        `redriven: ${even.join(', ')}`,
      )
      const gone = came.map(({ id }) => id)
      const rest = await readLetters(t, queue, 6 - different, gone)
      const all = [...new Set(even), ...rest.map(({ body }) => body?.n)].map(String)
      assert.deepEqual(all.toSorted(), ['0', '1', '2', '3', '4', '5'], 'the rest stayed, unchanged')
      for (const { body } of rest) assert.equal(body?.mended, undefined)
    },
  },
  {
    clause: 'D9',
    name: 'what a redrive can not send stays a dead letter',
    async run(t) {
      const queue = t.broker.queue<Order>(t.name('stays'), { schema: orderSchema })
      await kill(t, queue, [{ id: 1, total: 10 }])
      let shown = 0
      const looks = (): boolean => {
        shown += 1
        return false
      }
      await t.until('the letter is there', async () => {
        await queue.deadLetters.redrive({ where: looks })
        return shown > 0
      })
      const broken = { id: 1, total: 'ten' } as unknown as Order
      await t.rejects(queue.deadLetters.redrive({ change: () => ({ body: broken }) }), 'INVALID_MESSAGE')
      await t.rejects(
        queue.deadLetters.redrive({ change: () => ({ body: { id: 1, total: 1 }, headers: { 'x-own': '1' } }) }),
        'TypeError',
      )
      const thrown = new Error('where threw')
      await assert.rejects(
        queue.deadLetters.redrive({
          where: () => {
            throw thrown
          },
        }),
        (error: Error) => error === thrown || error.cause === thrown,
      )
      const reason = new Error('never mind')
      await assert.rejects(
        queue.deadLetters.redrive({ signal: AbortSignal.abort(reason) }),
        (error) => error === reason,
      )
      await t.rejects(queue.deadLetters.redrive({ max: -1 }), 'TypeError')

      const inbox = t.inbox<Order>()
      await queue.consume(inbox.handler)
      const [letter] = await readLetters(t, queue, 1)
      assert.deepEqual(letter?.body, { id: 1, total: 10 }, 'unchanged')
      if (steady(t)) assert.equal(inbox.deliveries.length, 0, 'nothing was sent back')
    },
  },
  {
    clause: 'D9',
    name: 'a redriven letter of a subscription reaches that subscription alone',
    async run(t) {
      const topic = t.broker.topic<string>(t.name('alone'))
      const failing = await topic.durableSubscription('failing', { retry: quick })
      const calm = await topic.durableSubscription('calm', { retry: quick })
      const others = t.inbox<string>()
      await calm.consume(others.handler)
      const loop = failing.receive()
      await topic.publish('for both')
      const delivery = await take(t, loop[Symbol.asyncIterator]())
      await t.within(delivery.reject({ reason: 'not today' }), 'the reject')
      await loop.close()
      await others.count(1)

      await redriveOne(t, failing)
      const inbox = t.inbox<string>()
      await failing.consume(inbox.handler)
      await inbox.count(1)
      await t.quiet()
      assertEach(t, inbox.bodies, ['for both'], 'it came back here')
      assertEach(t, others.bodies, ['for both'], 'and not there')
    },
  },
  {
    clause: 'D9',
    name: 'dead letters are purged, and the queue itself is not',
    when: whenAll('D9', 'A4'),
    async run(t) {
      const queue = t.broker.queue<string>(t.name('purged'))
      await kill(t, queue, ['a', 'b', 'c'])
      await queue.send('alive')
      const purged = await t.within(queue.deadLetters.purge(), 'the purge')
      assert.ok(purged === undefined || purged <= 3 || !steady(t), `${purged} purged`)
      await assertNoLetters(t, queue)
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await t.until('what lives comes', () => inbox.bodies.includes('alive'))
      assertEach(t, inbox.bodies, ['alive'], 'what lives stays', ['a', 'b', 'c'])
    },
  },
  {
    clause: 'D9',
    name: 'a hook and an event tell the process that dead-lettered, and no other',
    async run(t) {
      const name = t.name('hook')
      const other = await t.connect()
      const elsewhere: BrokerEvents['deadLettered'][] = []
      other.on('deadLettered', (facts) => elsewhere.push(facts))
      const events: BrokerEvents['deadLettered'][] = []
      t.broker.on('deadLettered', (facts) => events.push(facts))
      const failed: BrokerEvents['hookFailed'][] = []
      t.broker.on('hookFailed', (facts) => failed.push(facts))

      const queue = t.broker.queue<string>(name, { retry: quick })
      await other.queue<string>(name).open()
      const sent = await queue.sendAll([{ body: 'fails' }, { body: 'rejected' }])
      const letters: DeadLettered[] = []
      const worker = await queue.consume(
        async (delivery) => {
          if (delivery.body === 'rejected') await delivery.reject({ reason: 'no' })
          else throw new Error('fails')
        },
        {
          onDeadLetter(letter) {
            letters.push(letter)
            throw new Error('the hook threw')
          },
        },
      )
      const both = (told: readonly { readonly id: string }[]) =>
        sent.every(({ id }) => told.some((one) => one.id === id))
      await t.until('both told', () => both(letters) && both(events))
      await t.until('what the hook threw is told', () => failed.length >= letters.length)
      await t.until('a hook that throws changes nothing', () => worker.stats.deadLettered === letters.length)
      for (const told of [letters, events]) {
        const ids = told.map(({ id }) => id)
        assertEach(
          t,
          ids,
          sent.map(({ id }) => id),
          'each is told once',
        )
        const reasons = told.map(({ reason }) => reason)
        assertEach(t, reasons, ['max-attempts', 'rejected'], 'with its reason')
        for (const { origin, attempts } of told) {
          assert.equal(origin, name)
          assert.ok(attempts >= 1)
        }
      }
      assert.ok(
        letters.some(({ error }) => error instanceof Error && error.message === 'fails'),
        'with what was thrown',
      )
      await readLetters(t, queue, 2)
      assert.deepEqual(elsewhere, [], 'the other process did nothing and is told nothing')
    },
  },
]

/** Sends these and rejects each. Ends when all are dead letters. */
async function kill<T>(t: Context, queue: Queue<T>, bodies: readonly T[]): Promise<void> {
  const sent = await queue.sendAll(bodies.map((body) => ({ body })))
  const dead = new Set<string>()
  const worker = await queue.consume((delivery) => delivery.reject({ reason: 'killed' }), {
    onDeadLetter: ({ id }) => dead.add(id),
  })
  await t.until('all of them dead', () => sent.every(({ id }) => dead.has(id)))
  await worker.close()
}

/** Acks dead letters until none is left. */
async function drain(t: Context, queue: Queue<string>): Promise<readonly string[]> {
  const bodies: string[] = []
  for await (const letter of queue.deadLetters.receive({ untilEmpty: true })) {
    if (await ack(t, letter)) bodies.push(letter.body ?? 'none')
  }
  return bodies
}

/** Redrives the only letter; where the service repeats, its copies too. One that is eventual may not show it at once. */
async function redriveOne<T>(t: Context, source: Source<T>): Promise<void> {
  let redriven = 0
  await t.until('it is redriven', async () => {
    redriven += (await source.deadLetters.redrive()).redriven
    return redriven >= 1
  })
  assert.ok(isCount(t, redriven, 1), `${redriven} redriven`)
}
