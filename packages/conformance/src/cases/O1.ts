import assert from 'node:assert/strict'
import { SendAllError } from 'anybroker'
import type { Case } from '../case.ts'
import { whenNone } from '../when.ts'
import { cut } from './kit/cut.ts'
import { fill } from './kit/fill.ts'
import { gate } from './kit/gate.ts'
import { untilEach } from './kit/grades.ts'
import { KeyHistory, type Step } from './kit/key-history.ts'
import { quick } from './kit/quick.ts'

export const cases: readonly Case[] = [
  {
    clause: 'O1',
    name: 'messages of one key come in order and one at a time, over two consumers of concurrency 8',
    async run(t) {
      const name = t.name('order')
      const history = new KeyHistory()
      const queue = t.broker.queue<Step>(name, { ordering: 'key', retry: quick })
      await queue.consume(history.handle, { concurrency: 8 })
      const other = (await t.connect()).queue<Step>(name, { ordering: 'key', retry: quick })
      await other.consume(history.handle, { concurrency: 8 })
      const keys = ['a', 'b', 'c', 'd', 'e']
      for (let n = 0; n < 12; n += 1) await Promise.all(keys.map((key) => queue.send({ key, n }, { key })))
      await t.until('all of them', () => history.size === 60, 10_000)
      for (const key of keys) history.assertOrder(key, 12)
      assert.deepEqual(history.overlaps, [], 'in hand at once')
    },
  },
  {
    clause: 'O1',
    name: 'sends that are not awaited keep the order in which they were called',
    async run(t) {
      const queue = t.broker.queue<Step>(t.name('calls'), { ordering: 'key', retry: quick })
      const sends: Promise<unknown>[] = []
      for (let n = 0; n < 40; n += 1)
        // Larger and larger, so that they fall into different batches.
        for (const key of ['a', 'b']) sends.push(queue.send({ key, n }, { key, headers: { pad: 'x'.repeat(n * 20) } }))
      await t.within(Promise.all(sends), 'the sends')
      await queue.sendAll([40, 41, 42].map((n) => ({ body: { key: 'a', n }, key: 'a' })))
      const history = new KeyHistory()
      await queue.consume(history.handle, { concurrency: 8 })
      await t.until('all of them', () => history.size === 83)
      history.assertOrder('a', 43)
      history.assertOrder('b', 40)
      assert.deepEqual(history.overlaps, [], 'in hand at once')
    },
  },
  {
    clause: 'O1',
    name: 'keys run in parallel, and what has no key waits for none',
    async run(t) {
      const queue = t.broker.queue<Step>(t.name('parallel'), { ordering: 'key', retry: quick })
      const keys = ['a', 'b', 'c', 'd']
      for (const key of keys) for (const n of [0, 1]) await queue.send({ key, n }, { key })
      await queue.send({ key: 'none', n: 0 })
      await queue.send({ key: 'none', n: 0 })
      const all = gate(t)
      let running = 0
      const inbox = t.inbox<Step>(async ({ body }) => {
        if (body.n !== 0) return
        // The first of each key, and both without one, wait until all of these have begun.
        if (++running === keys.length + 2) all.open()
        await all.opened
      })
      const worker = await queue.consume(inbox.handler, { concurrency: 6 })
      await t.until('all of them', () => worker.stats.acked >= 10)
      await untilEach(
        t,
        () => inbox.bodies.map(({ key, n }) => key + String(n)),
        keys.flatMap((key) => [`${key}0`, `${key}1`]),
      )
      for (const key of keys) {
        const order = inbox.bodies.filter((body) => body.key === key).map(({ n }) => n)
        assert.deepEqual([...new Set(order)], [0, 1])
      }
    },
  },
  {
    clause: 'O1',
    name: 'order holds while consumers leave in the middle and others come',
    timeoutMs: 40_000,
    async run(t) {
      const name = t.name('changes')
      const sender = t.broker.queue<Step>(name, { ordering: 'key', retry: quick })
      const keys = ['a', 'b', 'c']
      for (let n = 0; n < 10; n += 1) await Promise.all(keys.map((key) => sender.send({ key, n }, { key })))
      const history = new KeyHistory()
      const join = async () => {
        const broker = await t.connect()
        return broker.queue<Step>(name, { ordering: 'key', retry: quick }).consume(history.handle, { concurrency: 4 })
      }
      const first = await join()
      await t.until('some of them', () => history.size >= 5, 15_000)
      await t.within(first.close({ drainMs: 1_000 }), 'the first leaves', 8_000)
      const second = await join()
      await t.until('some more', () => history.size >= 15, 15_000)
      await join()
      await t.within(second.close({ drainMs: 0 }), 'the second leaves', 7_000)
      await t.until('all of them', () => history.size === 30, 15_000)
      for (const key of keys) history.assertOrder(key, 10)
    },
  },
  {
    clause: 'O1',
    name: 'subscriptions inherit the ordering of their topic, each in order by itself',
    async run(t) {
      const topic = t.broker.topic<Step>(t.name('topic'), { ordering: 'key' })
      const histories = [new KeyHistory(), new KeyHistory()]
      for (const [index, history] of histories.entries()) {
        const subscription = await topic.durableSubscription(`s${index}`, { retry: quick })
        await subscription.consume(history.handle, { concurrency: 4 })
      }
      for (let n = 0; n < 8; n += 1) for (const key of ['a', 'b']) await topic.publish({ key, n }, { key })
      for (const history of histories) {
        await t.until('all of them', () => history.size === 16)
        for (const key of ['a', 'b']) history.assertOrder(key, 8)
        assert.deepEqual(history.overlaps, [], 'in hand at once')
      }
    },
  },
  {
    clause: 'O1',
    name: 'what was sent again over a cut connection stays in order',
    needs: ['breakConnection'],
    timeoutMs: 60_000,
    async run(t) {
      const queue = t.broker.queue<Step>(t.name('resent'), { ordering: 'key', retry: quick })
      await queue.open()
      const sends: Promise<unknown>[] = []
      const send = (from: number, to: number) => {
        for (let n = from; n < to; n += 1) for (const key of ['a', 'b']) sends.push(queue.send({ key, n }, { key }))
      }
      send(0, 20)
      const cutting = cut(t, t.broker)
      send(20, 40)
      await cutting
      send(40, 50)
      await t.within(Promise.all(sends), 'all sends, over the cut', 35_000)
      const history = new KeyHistory()
      await queue.consume(history.handle, { concurrency: 8 })
      await t.until('all of them', () => history.size === 100, 15_000)
      for (const key of ['a', 'b']) history.assertOrder(key, 50)
    },
  },
  {
    clause: 'O1',
    name: 'a send whose outcome is unknown at its deadline takes with it what is queued behind it',
    needs: ['fill'],
    timeoutMs: 60_000,
    async run(t) {
      const queue = t.broker.queue<Step>(t.name('unknown'), { ordering: 'key', retry: quick })
      await queue.open()
      const drain = await fill(t)
      const send = async (n: number, timeoutMs: number) => {
        const [result] = await Promise.allSettled([queue.send({ key: 'k', n }, { key: 'k', timeoutMs })])
        return result
      }
      const first = send(0, 700)
      const behind = send(1, 30_000)
      await t.rejects(
        first.then((result) => (result.status === 'rejected' ? Promise.reject(result.reason as Error) : result.value)),
        'TIMEOUT',
      )
      const unknown = outcomeOf(await first) === 'unknown'
      // Only where nobody can tell what became of the first; where it was refused, the second may still go.
      if (unknown) assert.equal((await t.within(behind, 'what is queued behind', 1_000)).status, 'rejected')
      await drain()
      const last = await t.within(behind, 'what is queued behind', 35_000)
      assert.equal(last.status, unknown ? 'rejected' : 'fulfilled')
      assert.equal((await t.within(send(2, 30_000), 'the next one', 35_000)).status, 'fulfilled')

      const history = new KeyHistory()
      await queue.consume(history.handle)
      await t.until('the last one', () => history.of('k').includes(2))
      await t.quiet()
      const seen = [...history.of('k')]
      assert.deepEqual(
        seen,
        [0, 1, 2].filter((n) => seen.includes(n)),
        'in order',
      )
      assert.ok(unknown || !seen.includes(0), 'what was refused is not delivered')
      if (outcomeOf(last) !== 'unknown') assert.equal(seen.includes(1), last.status === 'fulfilled')
    },
  },
  {
    clause: 'O1',
    name: 'a key where there is no ordering is a TypeError, and so is a key that is none',
    when: () => true,
    async run(t) {
      const queue = t.broker.queue<string>(t.name('unordered'))
      const topic = t.broker.topic<string>(t.name('unordered'))
      await t.rejects(queue.send('a', { key: 'k' }), 'TypeError')
      await t.rejects(topic.publish('a', { key: 'k' }), 'TypeError')
      // One of many fails with its own error, as B2 has it.
      const error: unknown = await queue.sendAll([{ body: 'b', key: 'k' }]).then(
        () => assert.fail('a key was taken where there is no ordering'),
        (rejected: unknown) => rejected,
      )
      assert.ok(error instanceof SendAllError, String(error))
      const [outcome] = error.outcomes
      assert.ok(outcome?.as === 'refused' && outcome.error instanceof TypeError)
      if (t.capabilities.O1.grade !== 'none') {
        const ordered = t.broker.queue<string>(t.name('ordered'), { ordering: 'key' })
        for (const key of ['', ' ', 'a b', 'ä', 'a\n', 'x'.repeat(129), 7 as unknown as string])
          await t.rejects(ordered.send('a', { key }), 'TypeError')
        const longest = '!~'.repeat(64)
        await ordered.send('a', { key: longest })
        const inbox = t.inbox<string>()
        await ordered.consume(inbox.handler)
        const [delivery] = await inbox.count(1)
        assert.equal(delivery?.key, longest)
        await t.quiet()
        assert.ok(
          inbox.bodies.every((body) => body === 'a'),
          'nothing of what was refused was sent',
        )
      }
    },
  },
  {
    clause: 'O1',
    name: 'opening a queue or a topic in the other mode is CONFLICT, with the difference named',
    async run(t) {
      const keyed = t.name('keyed')
      const plain = t.name('plain')
      await t.broker.queue(keyed, { ordering: 'key' }).open()
      await t.broker.queue(plain).open()
      await t.broker.topic(keyed, { ordering: 'key' }).open()
      const other = await t.connect()
      for (const attempt of [
        () => other.queue(keyed).open(),
        () => other.queue(plain, { ordering: 'key' }).open(),
        () => other.topic(keyed).open(),
        () => other.topic(keyed).durableSubscription('sub'),
        () => other.queue(keyed).consume(() => {}),
      ]) {
        const error = await t.rejects(attempt(), 'CONFLICT')
        assert.match(error.message, /ordering/)
      }
      // In the mode in which it is, it opens.
      const third = await t.connect()
      await third.queue(keyed, { ordering: 'key' }).open()
      await third.queue(plain, { ordering: 'none' }).open()
    },
  },
  {
    clause: 'O1',
    name: 'where there is no ordering, asking for it is UNSUPPORTED',
    when: whenNone('O1'),
    async run(t) {
      // Async functions, because the call that asks may throw as well as reject.
      const queue = async () => t.broker.queue(t.name('none'), { ordering: 'key' }).open()
      const topic = async () => t.broker.topic(t.name('none'), { ordering: 'key' }).open()
      await t.rejects(queue(), 'UNSUPPORTED')
      await t.rejects(topic(), 'UNSUPPORTED')
    },
  },
]

function outcomeOf(result: PromiseSettledResult<unknown>): unknown {
  return result.status === 'rejected' && result.reason instanceof Error && 'outcome' in result.reason
    ? result.reason.outcome
    : undefined
}
