import assert from 'node:assert/strict'
import { BrokerError } from '@anybroker/driver'
import { virtualTime } from '@anybroker/testkit'
import { connect, type ConsumeOptions } from 'anybroker'
import type { Case } from '../../case.ts'
import { drive } from '../kit/drive.ts'
import { assertEach, isCount } from '../kit/grades.ts'
import { scriptedDriver } from './scripted-driver.ts'

const DAY_MS = 86_400_000
const QUEUE_DAYS = 14
const TOPIC_DAYS = 7

export const entities: readonly Case[] = [
  {
    clause: 'default',
    name: 'ordering: none, so that a key is a TypeError',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const topic = t.broker.topic<string>(t.name())
      await t.rejects(queue.send('a', { key: 'k' }), 'TypeError')
      await t.rejects(topic.publish('a', { key: 'k' }), 'TypeError')
      await queue.send('a')
    },
  },
  {
    clause: 'default',
    name: 'ordering: none is what the entity is made with, so that asking for key is CONFLICT',
    when: ({ capabilities: { O1 } }) => O1.grade !== 'none' || 'O1 is graded none',
    run: async (t) => {
      const name = t.name()
      await t.broker.queue<string>(name).open()
      const elsewhere = await t.connect()
      await t.rejects(elsewhere.queue<string>(name, { ordering: 'key' }).open(), 'CONFLICT')
    },
  },
  {
    clause: 'default',
    name: 'ordered entities have 12 partitions where the broker has them',
    when: ({ capabilities: { O1 } }) =>
      O1.grade === 'none' ? 'O1 is graded none' : O1.partitions !== undefined || 'this broker has no partitions',
    run: async (t) => {
      assert.equal(t.capabilities.O1.partitions, 12)
    },
  },
  {
    clause: 'default',
    name: 'a new subscription starts now',
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      await topic.publish('before')
      const subscription = await topic.durableSubscription(t.name())
      await topic.publish('after')
      const inbox = t.inbox<string>()
      await subscription.consume(inbox.handler)
      await t.until('the later one comes', () => inbox.bodies.includes('after'))
      await t.quiet()
      assertEach(t, inbox.bodies, ['after'], 'what a new subscription saw')
    },
  },
  {
    clause: 'default',
    name: 'provision: create, at the first call that needs the entity and not before',
    needs: ['virtualTime'],
    run: async () => {
      const time = virtualTime()
      const scripted = scriptedDriver({})
      const broker = await connect(scripted.driver, { runtime: time.runtime })
      const queue = broker.queue('orders')
      broker.queue('never-used')
      broker.topic('never-used')
      await time.advance(1_000)
      assert.equal(scripted.ensured.length, 0)
      await time.until(queue.send('a'))
      await time.until(queue.send('b'))
      await time.until(queue.consume(() => {}))
      assert.deepEqual(
        scripted.ensured.map(({ ref }) => ref.name),
        ['orders'],
      )
      await time.until(broker.close({ drainMs: 0 }))
    },
  },
  {
    clause: 'default',
    name: 'provision: create is never done again on a reconnect',
    needs: ['virtualTime'],
    run: async () => {
      const time = virtualTime()
      const scripted = scriptedDriver({})
      const broker = await connect(scripted.driver, { runtime: time.runtime })
      const queue = broker.queue('orders')
      const topic = broker.topic('placed')
      const subscription = await time.until(topic.durableSubscription('billing'))
      await time.until(queue.consume(() => {}))
      await time.until(subscription.consume(() => {}))
      await time.until(topic.publish('a'))
      const before = scripted.ensured.length
      scripted.lose(new Error('cut'))
      await time.advance(60_000)
      assert.equal(scripted.connects.length, 2, 'it did not reconnect')
      await time.until(queue.send('a'))
      await time.until(topic.publish('a'))
      assert.deepEqual(scripted.ensured.slice(before), [])
      await time.until(broker.close({ drainMs: 0 }))
    },
  },
  {
    clause: 'default',
    name: 'provision: what was deleted meanwhile stays deleted over a reconnect',
    needs: ['breakConnection'],
    timeoutMs: 60_000,
    run: async (t) => {
      const broker = await t.connect()
      const queue = broker.queue<string>(t.name())
      await queue.send('a')
      await t.broker.queue<string>(queue.name).delete()
      assert.ok(t.harness.breakConnection !== undefined)
      await t.harness.breakConnection()
      await t.rejects(queue.send('b', { timeoutMs: 4_000 }), 'NOT_FOUND')
    },
  },
  {
    clause: 'default',
    name: 'provision: never, a missing dead-letter queue is NOT_FOUND at consume',
    needs: ['virtualTime'],
    run: async (t) => {
      const time = virtualTime()
      const scripted = scriptedDriver({
        open: async (ref) => {
          if (ref.kind === 'dead-letters') throw new BrokerError('NOT_FOUND', 'no dead-letter queue')
        },
      })
      const broker = await connect(scripted.driver, { runtime: time.runtime })
      const queue = broker.queue('orders', { provision: 'never' })
      await time.until(queue.send('a'))
      await t.rejects(time.until(queue.consume(() => {})), 'NOT_FOUND')
      assert.deepEqual(scripted.ensured, [], 'never made an administrative call')
      await time.until(broker.close({ drainMs: 0 }))
    },
  },
  {
    clause: 'default',
    name: 'retention: what is stated is 14 days or more for queues, 7 for topics',
    run: async (t) => {
      const { Q2, S2 } = t.capabilities
      const days = (ms: number | undefined) => (ms ?? Number.POSITIVE_INFINITY) / DAY_MS
      assert.ok(days(Q2.retentionMs) >= QUEUE_DAYS, `queues keep messages for ${days(Q2.retentionMs)} days`)
      assert.ok(days(S2.retentionMs) >= TOPIC_DAYS, `subscriptions keep messages for ${days(S2.retentionMs)} days`)
    },
  },
  {
    clause: 'default',
    name: 'retention: queues and dead letters keep what waits for 14 days, subscriptions for 7',
    needs: ['virtualTime'],
    run: async (t) => {
      const virtual = t.virtual()
      const broker = await drive(virtual, virtual.connect())
      const queue = broker.queue<string>(t.name())
      const dying = broker.queue<string>(t.name())
      const topic = broker.topic<string>(t.name())
      const subscription = await drive(virtual, topic.durableSubscription(t.name()))
      const killer = await drive(
        virtual,
        dying.consume((delivery) => delivery.reject()),
      )
      await drive(virtual, queue.send('waits'))
      await drive(virtual, dying.send('dies'))
      await drive(virtual, topic.publish('waits'))
      await virtual.advance(1_000)
      assert.ok(isCount(broker, killer.stats.deadLettered, 1), 'it is dead')
      await drive(virtual, killer.close())

      await virtual.advance(TOPIC_DAYS * DAY_MS - 60_000)
      const ofTopic = t.inbox<string>()
      await drive(virtual, subscription.consume(ofTopic.handler))
      await virtual.advance(1_000)
      assertEach(broker, ofTopic.bodies, ['waits'], 'what a subscription kept for 7 days')

      await virtual.advance((QUEUE_DAYS - TOPIC_DAYS) * DAY_MS - 60_000)
      const ofQueue = t.inbox<string>()
      await drive(virtual, queue.consume(ofQueue.handler))
      await virtual.advance(1_000)
      assertEach(broker, ofQueue.bodies, ['waits'], 'what a queue kept for 14 days')
      const redriven = await drive(virtual, dying.deadLetters.redrive())
      assert.ok(isCount(broker, redriven.redriven, 1), 'what the dead letters kept for 14 days')
    },
  },
  {
    clause: 'default',
    name: 'consumer groups: none to name, a queue is its own group and a topic has no consume',
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      for (const method of ['consume', 'consumeBatch', 'receive', 'deadLetters'])
        assert.ok(!(method in topic), `a topic has ${method}`)
      const queue = t.broker.queue<string>(t.name())
      const grouped = { group: 'billing' } as ConsumeOptions
      await t.rejects(
        queue.consume(() => {}, grouped),
        'TypeError',
      )
      const inboxes = [t.inbox<string>(), t.inbox<string>()]
      for (const inbox of inboxes) await queue.consume(inbox.handler)
      await queue.sendAll([{ body: 'a' }, { body: 'b' }])
      const all = () => inboxes.flatMap((inbox) => inbox.bodies)
      await t.until('both come', () => all().includes('a') && all().includes('b'))
      await t.quiet()
      assertEach(t, all(), ['a', 'b'], 'what two consumers of one queue saw')
    },
  },
]
