import assert from 'node:assert/strict'
import type { SendOptions } from 'anybroker'
import type { Case } from '../case.ts'
import { arrival } from './kit/arrivals.ts'
import { drive } from './kit/drive.ts'
import { assertEach } from './kit/grades.ts'
import { whenNone } from '../when.ts'

export const cases: readonly Case[] = [
  {
    clause: 'L3',
    name: 'a second send with the same dedupId resolves and is not delivered',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const inbox = t.inbox<string>()
      await queue.send('first', { dedupId: 'order-1' })
      await queue.send('second', { dedupId: 'order-1' })
      await queue.send('other', { dedupId: 'order-2' })
      const last = await queue.send('last')
      await queue.consume(inbox.handler)
      await arrival(t, inbox, last.id)
      await t.until('the first one comes', () => inbox.bodies.includes('first'))
      await t.until('the other one comes', () => inbox.bodies.includes('other'))
      await t.quiet()
      assertEach(t, inbox.bodies, ['first', 'other', 'last'], 'what came')
    },
  },
  {
    clause: 'L3',
    name: 'nor is it after the first was acked, from another connection',
    run: async (t) => {
      const other = await t.connect()
      const queue = t.broker.queue<string>(t.name())
      const inbox = t.inbox<string>((delivery) => delivery.ack())
      await queue.consume(inbox.handler)
      const first = await queue.send('first', { dedupId: 'order-1' })
      await arrival(t, inbox, first.id)
      await t.quiet()
      await other.queue<string>(queue.name).send('second', { dedupId: 'order-1' })
      const last = await queue.send('last')
      await arrival(t, inbox, last.id)
      await t.quiet()
      assertEach(t, inbox.bodies, ['first', 'last'], 'what came')
    },
  },
  {
    clause: 'L3',
    name: 'of sends at the same time with one dedupId one is delivered, and all resolve',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await Promise.all(Array.from({ length: 10 }, () => queue.send('one of ten', { dedupId: 'order-1' })))
      await inbox.count(1)
      const last = await queue.send('last')
      await arrival(t, inbox, last.id)
      await t.quiet()
      assertEach(t, inbox.bodies, ['one of ten', 'last'], 'what came')
    },
  },
  {
    clause: 'L3',
    name: 'each subscription of a topic gets it once',
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      const inboxes = [t.inbox<string>(), t.inbox<string>()]
      for (const inbox of inboxes) await (await topic.durableSubscription(t.name())).consume(inbox.handler)
      await topic.publish('first', { dedupId: 'order-1' })
      await topic.publish('second', { dedupId: 'order-1' })
      const last = await topic.publish('last')
      for (const inbox of inboxes) {
        await arrival(t, inbox, last.id)
        await t.until('the first one comes', () => inbox.bodies.includes('first'))
      }
      await t.quiet()
      for (const inbox of inboxes) assertEach(t, inbox.bodies, ['first', 'last'], 'what a subscription saw')
    },
  },
  {
    clause: 'L3',
    name: 'a dedupId counts on its own queue or topic alone',
    run: async (t) => {
      const queues = [t.broker.queue<string>(t.name()), t.broker.queue<string>(t.name())]
      const topic = t.broker.topic<string>(t.name())
      const subscription = await topic.durableSubscription(t.name())
      const inboxes = [t.inbox<string>(), t.inbox<string>(), t.inbox<string>()]
      for (const [index, source] of [...queues, subscription].entries())
        await source.consume(inboxes[index]?.handler ?? assert.fail('no inbox'))
      for (const queue of queues) await queue.send('a', { dedupId: 'order-1' })
      await topic.publish('a', { dedupId: 'order-1' })
      for (const inbox of inboxes) await inbox.count(1)
    },
  },
  {
    clause: 'L3',
    name: 'a retry of the first one is no duplicate of itself',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      let handled = 0
      const inbox = t.inbox<string>(async (delivery) => {
        handled += 1
        if (handled === 1) await delivery.retry({ delayMs: 0 })
      })
      await queue.consume(inbox.handler)
      await queue.send('first', { dedupId: 'order-1' })
      await inbox.count(2)
    },
  },
  {
    clause: 'L3',
    name: 'after the stated window the same dedupId is delivered again',
    needs: ['virtualTime'],
    when: ({ capabilities: { L3 } }) =>
      L3.grade === 'none' ? 'L3 is graded none' : L3.windowMs !== undefined || 'no window is stated',
    run: async (t) => {
      const virtual = t.virtual()
      const broker = await drive(virtual, virtual.connect())
      const { windowMs } = broker.capabilities.L3
      assert.ok(windowMs !== undefined)
      const queue = broker.queue<string>(t.name())
      const inbox = t.inbox<string>()
      await drive(virtual, queue.consume(inbox.handler))
      await drive(virtual, queue.send('first', { dedupId: 'order-1' }))
      await virtual.advance(windowMs - 1_000)
      await drive(virtual, queue.send('within', { dedupId: 'order-1' }))
      await virtual.advance(windowMs + 1_000)
      await drive(virtual, queue.send('after', { dedupId: 'order-1' }))
      await virtual.advance(1_000)
      assertEach(broker, inbox.bodies, ['first', 'after'], 'what came')
    },
  },
  {
    clause: 'L3',
    name: 'a dedupId that breaks the rule is a TypeError',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name(), { provision: 'never' })
      for (const dedupId of ['', 'a b', 'ä', 'x'.repeat(129), 7, null, {}])
        await t.rejects(queue.send('a', { dedupId } as unknown as SendOptions), 'TypeError')
    },
  },
  {
    clause: 'L3',
    name: 'where it is none, a dedupId is UNSUPPORTED at once',
    when: whenNone('L3'),
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const topic = t.broker.topic<string>(t.name())
      await t.rejects(queue.send('a', { dedupId: 'order-1' }), 'UNSUPPORTED')
      await t.rejects(topic.publish('a', { dedupId: 'order-1' }), 'UNSUPPORTED')
    },
  },
]
