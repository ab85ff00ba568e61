import assert from 'node:assert/strict'
import type { Source } from 'anybroker'
import type { Case, Context } from '../case.ts'
import { gate } from './kit/gate.ts'
import { whenAll, whenNone } from '../when.ts'

/** That the exact depth is `n`, and stays so. */
async function counts(t: Context, source: Source<string>, n: number): Promise<void> {
  let last = Number.NaN
  const look = async () => {
    last = (await source.depth({ exact: true })).ready
    return last === n
  }
  await t.until(`exactly ${n} wait`, look).catch((error: unknown) => {
    throw new Error(`expected a depth of exactly ${n}, got ${last} at last`, { cause: error })
  })
  await t.quiet()
  assert.equal((await source.depth({ exact: true })).ready, n)
}

export const cases: readonly Case[] = [
  {
    clause: 'A2.exact',
    name: 'every message that waits is counted, none twice',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      await queue.open()
      await counts(t, queue, 0)
      await queue.send('a')
      await counts(t, queue, 1)
      await queue.sendAll(Array.from({ length: 24 }, () => ({ body: 'b' })))
      await counts(t, queue, 25)
    },
  },
  {
    clause: 'A2.exact',
    name: 'what was acked is not counted any more, what was given back is again',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      await queue.sendAll(Array.from({ length: 5 }, (_, index) => ({ body: `${index}` })))
      const loop = queue.receive({ maxUnsettled: 3 })
      let taken = 0
      for await (const delivery of loop) {
        taken += 1
        if (taken <= 2) await delivery.ack()
        else break
      }
      await loop.close()
      await counts(t, queue, 3)
    },
  },
  {
    clause: 'A2.exact',
    name: 'what is in hand is told apart where it is told',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      await queue.sendAll([{ body: 'a' }, { body: 'b' }, { body: 'c' }])
      const held = gate(t)
      const inbox = t.inbox<string>(() => held.opened)
      const worker = await queue.consume(inbox.handler, { concurrency: 1, maxUnsettled: 1 })
      await inbox.count(1)
      const depth = await t.until('the depth follows', async () => {
        const now = await queue.depth({ exact: true })
        // A broker that does not tell may count it among those that wait.
        const follows =
          now.inHand === undefined ? now.ready === 2 || now.ready === 3 : now.inHand === 1 && now.ready === 2
        return follows ? now : undefined
      })
      await t.quiet()
      assert.deepEqual(await queue.depth({ exact: true }), depth, 'and stays so')
      held.open()
      await inbox.count(3)
      await worker.close()
      await counts(t, queue, 0)
    },
  },
  {
    clause: 'A2.exact',
    name: 'what waits for its time is told apart where it is told',
    when: whenAll('A2.exact', 'L1'),
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      await queue.send('later', { delayMs: 60_000 })
      await queue.send('now')
      const depth = await t.until('the depth follows', async () => {
        const now = await queue.depth({ exact: true })
        const follows =
          now.delayed === undefined ? now.ready === 1 || now.ready === 2 : now.delayed === 1 && now.ready === 1
        return follows ? now : undefined
      })
      await t.quiet()
      assert.deepEqual(await queue.depth({ exact: true }), depth, 'and stays so')
    },
  },
  {
    clause: 'A2.exact',
    name: 'queues, subscriptions and dead letters are counted each by itself',
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      const one = await topic.durableSubscription(t.name('one'))
      await topic.publish('a')
      const other = await topic.durableSubscription(t.name('other'))
      await topic.publish('b')
      await counts(t, one, 2)
      await counts(t, other, 1)
      const inbox = t.inbox<string>((delivery) => delivery.reject())
      const worker = await one.consume(inbox.handler)
      await inbox.count(2)
      await worker.close()
      await counts(t, one, 0)
      await counts(t, other, 1)
      assert.equal(await one.deadLetters.count(), 2)
      assert.equal(await other.deadLetters.count(), 0)
    },
  },
  {
    clause: 'A2.exact',
    name: 'where it is none, asking for an exact depth is UNSUPPORTED',
    when: whenNone('A2.exact'),
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      await queue.open()
      await t.rejects(queue.depth({ exact: true }), 'UNSUPPORTED')
    },
  },
]
