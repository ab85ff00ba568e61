import assert from 'node:assert/strict'
import type { Source } from 'anybroker'
import type { Case, Context } from '../case.ts'
import { arrivals } from './kit/arrivals.ts'
import { whenNone } from '../when.ts'

async function ready(source: Source<string>): Promise<number> {
  return (await source.depth()).ready
}

async function becomes(
  t: Context,
  what: string,
  read: () => Promise<number>,
  fits: (n: number) => boolean,
): Promise<void> {
  let last = Number.NaN
  const look = async () => {
    last = await read()
    return fits(last)
  }
  await t.until(what, look).catch((error: unknown) => {
    throw new Error(`${what}: ${last} at last`, { cause: error })
  })
}

export const cases: readonly Case[] = [
  {
    clause: 'A2',
    name: 'an empty queue has depth 0, and it grows with what waits and shrinks with what is acked',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      await queue.open()
      assert.equal(await ready(queue), 0)
      const sent = await queue.sendAll(Array.from({ length: 5 }, () => ({ body: 'a' })))
      await becomes(
        t,
        'messages wait',
        () => ready(queue),
        (n) => n > 0,
      )
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await arrivals(
        t,
        inbox,
        sent.map(({ id }) => id),
      )
      await becomes(
        t,
        'nothing waits',
        () => ready(queue),
        (n) => n === 0,
      )
    },
  },
  {
    clause: 'A2',
    name: 'the depth of a subscription is that of its own backlog',
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      const away = await topic.durableSubscription(t.name('away'))
      const here = await topic.durableSubscription(t.name('here'))
      const inbox = t.inbox<string>()
      await here.consume(inbox.handler)
      await topic.publishAll([{ body: 'a' }, { body: 'b' }])
      await inbox.count(2)
      await becomes(
        t,
        'the one that is away has a backlog',
        () => ready(away),
        (n) => n > 0,
      )
      await becomes(
        t,
        'the one that is here has none',
        () => ready(here),
        (n) => n === 0,
      )
    },
  },
  {
    clause: 'A2',
    name: 'dead letters are counted apart',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      await queue.consume((delivery) => delivery.reject())
      assert.equal(await queue.deadLetters.count(), 0)
      await queue.send('a')
      await becomes(
        t,
        'a dead letter is counted',
        () => queue.deadLetters.count(),
        (n) => n > 0,
      )
      await becomes(
        t,
        'nothing waits',
        () => ready(queue),
        (n) => n === 0,
      )
    },
  },
  {
    clause: 'A2',
    name: 'the depth is whole numbers, told to whoever asks',
    run: async (t) => {
      const name = t.name()
      await t.broker.queue<string>(name).send('a')
      const elsewhere = await t.connect()
      const depth = await elsewhere.queue<string>(name).depth()
      for (const [what, n] of Object.entries(depth) as readonly (readonly [string, number | undefined])[])
        assert.ok(n === undefined || (Number.isSafeInteger(n) && n >= 0), `${what} is ${n}`)
      assert.ok('ready' in depth)
    },
  },
  {
    clause: 'A2',
    name: 'where it is none, depth and the count of dead letters are UNSUPPORTED',
    when: whenNone('A2'),
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const subscription = await t.broker.topic<string>(t.name()).durableSubscription(t.name())
      for (const source of [queue, subscription]) {
        await t.rejects(source.depth(), 'UNSUPPORTED')
        await t.rejects(source.depth({ exact: true }), 'UNSUPPORTED')
        await t.rejects(source.deadLetters.count(), 'UNSUPPORTED')
      }
    },
  },
]
