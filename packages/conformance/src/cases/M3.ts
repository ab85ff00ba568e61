import assert from 'node:assert/strict'
import type { Message, SendOptions } from 'anybroker'
import type { Case } from '../case.ts'
import { arrival } from './kit/arrivals.ts'
import { readLetters } from './kit/letters.ts'
import { quick } from './kit/quick.ts'
import { whenAll } from '../when.ts'

const SOURCE = 'shop/checkout 7'

/** All that `send` takes and a message carries, but for the key, which needs an order. */
const GIVEN = {
  contentType: 'application/vnd.shop+json; charset="utf-8"',
  correlationId: 'order/4711:retry#2',
  replyTo: 'replies-of-billing',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
} as const satisfies SendOptions

/** The fields of M3 in a form that can be compared. */
function fields(message: Message<unknown>): Readonly<Record<string, unknown>> {
  const { id, sentAt, contentType, key, correlationId, replyTo, source, traceparent } = message
  return { id, sentAt: sentAt.getTime(), contentType, key, correlationId, replyTo, source, traceparent }
}

/** That a message was sent within a stretch of this process' wall clock, to the millisecond. */
function sentBetween({ sentAt }: Message<unknown>, from: number, to: number): void {
  assert.ok(sentAt instanceof Date)
  const at = sentAt.getTime()
  assert.ok(at >= from && at <= to, `sentAt is ${at}, sent between ${from} and ${to}`)
}

export const cases: readonly Case[] = [
  {
    clause: 'M3',
    name: 'every field arrives on a queue',
    run: async (t) => {
      const broker = await t.connect({ source: SOURCE })
      const queue = broker.queue<string>(t.name())
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      const id = `${t.name('id')}_-`.padEnd(128, 'x')
      const from = Date.now()
      const sent = await queue.send('a', { ...GIVEN, id })
      const to = Date.now()
      assert.equal(sent.id, id)
      const delivery = await arrival(t, inbox, id)
      sentBetween(delivery, from, to)
      const { sentAt: _, ...rest } = fields(delivery)
      assert.deepEqual(rest, { ...GIVEN, id, source: SOURCE, key: undefined })
    },
  },
  {
    clause: 'M3',
    name: 'every field arrives at each subscription of a topic, with one id',
    run: async (t) => {
      const broker = await t.connect({ source: SOURCE })
      const topic = broker.topic<string>(t.name())
      const inboxes = [t.inbox<string>(), t.inbox<string>()]
      for (const inbox of inboxes) await (await topic.durableSubscription(t.name())).consume(inbox.handler)
      const from = Date.now()
      const { id } = await topic.publish('a', GIVEN)
      const to = Date.now()
      for (const inbox of inboxes) {
        const delivery = await arrival(t, inbox, id)
        sentBetween(delivery, from, to)
        const { sentAt: _, ...rest } = fields(delivery)
        assert.deepEqual(rest, { ...GIVEN, id, source: SOURCE, key: undefined })
      }
    },
  },
  {
    clause: 'M3',
    name: 'every field arrives at an ephemeral subscription',
    when: whenAll('M3', 'E1'),
    run: async (t) => {
      const broker = await t.connect({ source: SOURCE })
      const topic = broker.topic<string>(t.name())
      const inbox = t.inbox<string>()
      await topic.subscribe(inbox.handler)
      const { id } = await topic.publish('a', GIVEN)
      const { sentAt: _, ...rest } = fields(await arrival(t, inbox, id))
      assert.deepEqual(rest, { ...GIVEN, id, source: SOURCE, key: undefined })
    },
  },
  {
    clause: 'M3',
    name: 'the key arrives where there is an order, with the oddest characters that it may have',
    when: whenAll('M3', 'O1'),
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name(), { ordering: 'key' })
      const topic = t.broker.topic<string>(t.name(), { ordering: 'key' })
      const ofQueue = t.inbox<string>()
      const ofTopic = t.inbox<string>()
      await queue.consume(ofQueue.handler)
      await (await topic.durableSubscription(t.name())).consume(ofTopic.handler)
      for (const key of ['k', `!"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~`, 'x'.repeat(128), 'constructor', '__proto__', '0']) {
        const sent = await queue.send('a', { key })
        const published = await topic.publish('a', { key })
        assert.equal((await arrival(t, ofQueue, sent.id)).key, key)
        assert.equal((await arrival(t, ofTopic, published.id)).key, key)
      }
    },
  },
  {
    clause: 'M3',
    name: 'every field is the same after a retry and in the dead letter',
    run: async (t) => {
      const broker = await t.connect({ source: SOURCE })
      const queue = broker.queue<string>(t.name(), { retry: quick })
      const inbox = t.inbox<string>(() => {
        throw new Error('no')
      })
      await queue.consume(inbox.handler)
      const { id } = await queue.send('a', GIVEN)
      const [letter] = await readLetters(t, queue, 1)
      const [first, ...later] = inbox.deliveries
      assert.ok(first !== undefined)
      const { sentAt, ...rest } = fields(first)
      assert.deepEqual(rest, { ...GIVEN, id, source: SOURCE, key: undefined })
      assert.notEqual(later.length, 0, 'it was not retried')
      for (const delivery of later) assert.deepEqual(fields(delivery), { ...rest, sentAt })
      assert.ok(letter !== undefined)
      assert.deepEqual(fields(letter), { ...rest, sentAt })
    },
  },
  {
    clause: 'M3',
    name: 'what was not given is absent, and the id is a new one each time',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      const sent = [await queue.send('a'), await queue.send('b')]
      assert.notEqual(sent[0]?.id, sent[1]?.id)
      for (const { id } of sent) {
        assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        const { contentType, sentAt: _, ...rest } = fields(await arrival(t, inbox, id))
        assert.match(String(contentType), /^application\/json/)
        assert.deepEqual(rest, {
          id,
          key: undefined,
          correlationId: undefined,
          replyTo: undefined,
          source: undefined,
          traceparent: undefined,
        })
        assert.equal((await arrival(t, inbox, id)).expiresAt, undefined)
      }
    },
  },
  {
    clause: 'M3',
    name: 'fields that are wrong are TypeErrors before any I/O',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name(), { provision: 'never' })
      const wrong: readonly Record<string, unknown>[] = [
        { id: '' },
        { id: 'a b' },
        { id: 'x'.repeat(129) },
        { id: 7 },
        { id: null },
        { contentType: 7 },
        { correlationId: {} },
        { correlationId: '\uD800' },
        { replyTo: ['a'] },
        { traceparent: 7 },
        { key: 'no-order-here' },
        { keys: 'misspelt' },
      ]
      for (const options of wrong) await t.rejects(queue.send('a', options as SendOptions), 'TypeError')
    },
  },
]
