import assert from 'node:assert/strict'
import { BrokerError, type BrokerEvents } from 'anybroker'
import type { Case } from '../case.ts'
import { whenAll } from '../when.ts'
import { fill } from './kit/fill.ts'
import { assertEach, untilEach } from './kit/grades.ts'
import { orderSchema, type Order } from './kit/order-schema.ts'

export const cases: readonly Case[] = [
  {
    clause: 'B4',
    name: 'a buffered send resolves in the window, and the message arrives',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('arrives'))
      const topic = t.broker.topic<string>(t.name('arrives'))
      const subscription = await topic.durableSubscription('all')
      const failed: unknown[] = []
      t.broker.on('sendFailed', (facts) => failed.push(facts))
      const sent = await t.within(queue.send('one', { until: 'buffered', id: 'my-own-id' }), 'a buffered send')
      assert.deepEqual(sent, { id: 'my-own-id', evidence: 'buffered' })
      const more = ['two', 'three'].map((body) => ({ body }))
      for (const { evidence } of await queue.sendAll(more, { until: 'buffered' })) assert.equal(evidence, 'buffered')
      assert.equal((await topic.publish('four', { until: 'buffered' })).evidence, 'buffered')
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await subscription.consume(inbox.handler)
      await untilEach(t, () => inbox.bodies, ['one', 'two', 'three', 'four'])
      await t.quiet()
      assertEach(t, inbox.bodies, ['one', 'two', 'three', 'four'], 'each arrives')
      assert.deepEqual(failed, [])
    },
  },
  {
    clause: 'B4',
    name: 'close flushes what is buffered',
    async run(t) {
      const name = t.name('flush')
      const broker = await t.connect()
      const queue = broker.queue<string>(name)
      const failed: unknown[] = []
      broker.on('sendFailed', (facts) => failed.push(facts))
      const bodies = Array.from({ length: 200 }, (_, n) => `m${n}`)
      await Promise.all(bodies.map((body) => queue.send(body, { until: 'buffered' })))
      await t.within(broker.close(), 'the close', 10_000)
      assert.deepEqual(failed, [], 'none failed')
      const inbox = t.inbox<string>()
      await t.broker.queue<string>(name).consume(inbox.handler, { concurrency: 20 })
      await untilEach(t, () => inbox.bodies, bodies, 10_000)
      await t.quiet()
      assertEach(t, inbox.bodies, bodies, 'each arrives')
    },
  },
  {
    clause: 'B4',
    name: 'close flushes the very first send, which has not even opened its queue',
    async run(t) {
      const name = t.name('first')
      const broker = await t.connect()
      const sending = broker.queue<string>(name).send('the only one', { until: 'buffered' })
      await t.within(broker.close(), 'the close', 10_000)
      await t.within(sending, 'the buffered send')
      const inbox = t.inbox<string>()
      await t.broker.queue<string>(name).consume(inbox.handler)
      await inbox.count(1)
      assertEach(t, inbox.bodies, ['the only one'], 'it arrives')
    },
  },
  {
    clause: 'B4',
    name: 'what fails later is an event with the message and a count, once each',
    needs: ['fill'],
    timeoutMs: 60_000,
    async run(t) {
      const queue = t.broker.queue<{ readonly n: number }>(t.name('fails'))
      await queue.open()
      const failed: BrokerEvents['sendFailed'][] = []
      t.broker.on('sendFailed', (facts) => failed.push(facts))
      const drain = await fill(t)
      const sent = await Promise.all(
        [0, 1, 2].map((n) => queue.send({ n }, { until: 'buffered', timeoutMs: 500 + 100 * n })),
      )
      await t.until('three events', () => failed.length >= 3)
      await drain()
      await t.quiet()
      assert.deepEqual(
        failed.map(({ count }) => count),
        [1, 2, 3],
      )
      const ofId = new Map(failed.map((facts) => [facts.id, facts]))
      for (const [n, { id }] of sent.entries()) {
        const facts = ofId.get(id)
        assert.ok(facts, `message ${n} is told`)
        assert.deepEqual(facts.body, { n }, 'as it was given')
        assert.ok(facts.target.includes(queue.name), `the target is ${facts.target}`)
        assert.ok(facts.error instanceof BrokerError && facts.error.code === 'TIMEOUT')
        assert.ok(facts.error.outcome === 'refused' || facts.error.outcome === 'unknown')
      }
    },
  },
  {
    clause: 'B4',
    name: 'a close that can not flush ends in time and tells what it lost',
    needs: ['fill'],
    timeoutMs: 60_000,
    async run(t) {
      const broker = await t.connect()
      const queue = broker.queue<string>(t.name('lost'))
      await queue.open()
      const failed: BrokerEvents['sendFailed'][] = []
      broker.on('sendFailed', (facts) => failed.push(facts))
      await fill(t)
      await queue.sendAll([{ body: 'a' }, { body: 'b' }], { until: 'buffered', timeoutMs: 60_000 })
      await t.within(broker.close({ drainMs: 300 }), 'the close', 8_000)
      assert.deepEqual(failed.map(({ body }) => String(body)).toSorted(), ['a', 'b'], 'told before the close ended')
    },
  },
  {
    clause: 'B4',
    name: 'a message that goes nowhere is told once: by the call or by the event',
    async run(t) {
      const broker = await t.connect({ provision: 'never' })
      const failed: BrokerEvents['sendFailed'][] = []
      broker.on('sendFailed', (facts) => failed.push(facts))
      const queue = broker.queue<string>(t.name('nowhere'))
      const [result] = await t.within(
        Promise.allSettled([queue.send('lost', { until: 'buffered', timeoutMs: 3_000 })]),
        'the buffered send',
      )
      if (result.status === 'fulfilled') {
        assert.equal(result.value.evidence, 'buffered')
        const facts = await t.until('the event', () => failed[0])
        assert.equal(facts.body, 'lost')
        assert.ok(facts.error instanceof BrokerError && facts.error.code === 'NOT_FOUND', String(facts.error))
        await t.quiet()
        assert.equal(failed.length, 1)
      } else {
        assert.ok(result.reason instanceof BrokerError && result.reason.code === 'NOT_FOUND', String(result.reason))
        await t.quiet()
        assert.equal(failed.length, 0)
      }
    },
  },
  {
    clause: 'B4',
    name: 'what is wrong with the message itself fails at the call, not later',
    async run(t) {
      const queue = t.broker.queue<Order>(t.name('wrong'), { schema: orderSchema })
      const text = t.broker.queue<string>(t.name('wrong'))
      const failed: unknown[] = []
      t.broker.on('sendFailed', (facts) => failed.push(facts))
      const until = 'buffered'
      await t.rejects(queue.send({ id: 1 } as unknown as Order, { until }), 'INVALID_MESSAGE')
      await t.rejects(text.send('x'.repeat(181 * 1024), { until }), 'MESSAGE_TOO_LARGE')
      await t.rejects(text.send('a', { until, headers: { 'x-own': 'a' } }), 'TypeError')
      await t.rejects(text.send('a', { until: 'sent' as 'buffered' }), 'TypeError')
      await t.quiet()
      assert.deepEqual(failed, [])
    },
  },
  {
    clause: 'B4',
    name: 'buffered messages of one key keep their order',
    when: whenAll('B4', 'O1'),
    async run(t) {
      const name = t.name('order')
      const broker = await t.connect()
      const queue = broker.queue<number>(name, { ordering: 'key' })
      for (let n = 0; n < 50; n += 1) await queue.send(n, { key: 'k', until: 'buffered' })
      await t.within(broker.close(), 'the close', 10_000)
      const inbox = t.inbox<number>()
      await t.broker.queue<number>(name, { ordering: 'key' }).consume(inbox.handler, { concurrency: 4 })
      await t.until('all of them', () => new Set(inbox.bodies).size >= 50)
      assert.deepEqual(
        [...new Set(inbox.bodies)],
        Array.from({ length: 50 }, (_, n) => n),
      )
    },
  },
]
