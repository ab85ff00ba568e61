import assert from 'node:assert/strict'
import type { EntityRef } from '@anybroker/driver'
import type { Case, Context, Inbox } from '../case.ts'
import { assertEach } from './kit/grades.ts'
import { assertNoLetters, readLetters } from './kit/letters.ts'
import { whenAll } from '../when.ts'

/** Names that no application may use, with what is wrong with them. */
const REFUSED: readonly (readonly [unknown, string])[] = [
  ['', 'empty'],
  ['a', 'one character'],
  ['a'.repeat(65), '65 characters'],
  ['1st', 'begins with a digit'],
  ['-orders', 'begins with a dash'],
  ['_orders', 'begins with an underscore'],
  ['orders-', 'ends with a dash'],
  ['orders_', 'ends with an underscore'],
  ['or.ders', 'a dot'],
  ['..', 'dots'],
  ['a/b', 'a slash'],
  ['projects/p/topics/t', 'a full resource name'],
  ['a b', 'a space'],
  ['orders\n', 'a line end'],
  ['or\u0000ders', 'a zero'],
  ['größe', 'not ASCII'],
  ['\u202Eorders', 'bidi'],
  ['orders\u200B', 'zero width'],
  ['a%2eb', 'a percent sign'],
  ['${orders}', 'a placeholder'],
  ['__proto__', 'a prototype'],
  ['goog-orders', 'goog'],
  ['Google', 'goog, capitalised'],
  ['aws', 'aws'],
  ['AWSQueue', 'aws, capitalised'],
  ['amq-gen', 'amq'],
  ['AMQ-gen', 'amq, capitalised'],
  [undefined, 'undefined'],
  [null, 'null'],
  [7, 'a number'],
  [{}, 'an object'],
  [['orders'], 'a list'],
  [new String('orders'), 'a String object'],
]

const byText = (one: string, other: string) => (one < other ? -1 : 1)

/** A queue or subscription with a consumer that remembers. */
interface Listening {
  readonly is: string
  readonly inbox: Inbox<string>
  readonly send: (body: string) => Promise<unknown>
}

async function queueOf(t: Context, name: string): Promise<Listening> {
  const inbox = t.inbox<string>()
  const queue = t.broker.queue<string>(name)
  await queue.consume(inbox.handler)
  return { is: `queue ${name}`, inbox, send: (body) => queue.send(body) }
}

async function subscriptionOf(t: Context, topicName: string, name: string): Promise<Listening> {
  const inbox = t.inbox<string>()
  const topic = t.broker.topic<string>(topicName)
  await (await topic.durableSubscription(name)).consume(inbox.handler)
  return { is: `topic ${topicName}`, inbox, send: (body) => topic.publish(body) }
}

/** Several, so that two which are one by mistake do not share them out rightly by chance. */
const EACH = 5

/** Sends some messages to each and proves that everybody saw its own and nothing else. */
async function apart(t: Context, all: readonly Listening[]): Promise<void> {
  const bodiesOf = ({ is }: Listening) => Array.from({ length: EACH }, (_, index) => `${index} of ${is}`)
  for (const each of all) for (const body of bodiesOf(each)) await each.send(body)
  for (const each of all) {
    const mine = bodiesOf(each)
    await t.until(`all of ${each.is} arrive`, () => mine.every((body) => each.inbox.bodies.includes(body)))
  }
  await t.quiet()
  for (const each of all) assertEach(t, each.inbox.bodies, bodiesOf(each), `what ${each.is} saw`)
}

export const cases: readonly Case[] = [
  {
    clause: 'M6',
    name: 'topics, subscriptions and queues whose parts would join to one name are apart',
    run: async (t) => {
      const a = t.name('a')
      await apart(t, [
        await subscriptionOf(t, `${a}--b`, 'cc'),
        await subscriptionOf(t, a, 'b--cc'),
        await subscriptionOf(t, `${a}_-b`, 'cc-cc'),
        await subscriptionOf(t, `${a}__b`, 'cc_cc'),
        await subscriptionOf(t, `${a}_b`, 'b_cc'),
        await queueOf(t, `${a}--b--cc`),
        await queueOf(t, `${a}-b`),
        await queueOf(t, `${a}_b_cc`),
      ])
    },
  },
  {
    clause: 'M6',
    name: 'a queue, a topic and a subscription of one name are three things',
    run: async (t) => {
      const name = t.name()
      const queue = await queueOf(t, name)
      const subscription = await subscriptionOf(t, name, name)
      await apart(t, [queue, subscription])
    },
  },
  {
    clause: 'M6',
    name: 'names that differ in case alone are apart',
    run: async (t) => {
      const name = t.name()
      await apart(t, [await queueOf(t, `${name}Orders`), await queueOf(t, `${name}orders`)])
    },
  },
  {
    clause: 'M6',
    name: 'names of 64 characters that differ in the last one are apart',
    run: async (t) => {
      const stem = t.name().padEnd(63, 'x')
      await apart(t, [
        await queueOf(t, `${stem}1`),
        await queueOf(t, `${stem}2`),
        await subscriptionOf(t, `${stem}1`, `${stem}1`),
        await subscriptionOf(t, `${stem}2`, `${stem}1`),
      ])
    },
  },
  {
    clause: 'M6',
    name: 'a queue named like the dead-letter queue of another is not that',
    run: async (t) => {
      const orders = t.broker.queue<string>(t.name('orders'))
      const rejects = t.inbox<string>((delivery) => delivery.reject())
      await orders.consume(rejects.handler)
      const siblings: Listening[] = []
      for (const ending of ['-dlq', '-dead', '-dead-letters', '_dlq', '--dlq', '-DLQ'])
        siblings.push(await queueOf(t, orders.name + ending))
      await orders.send('dead')
      const [letter] = await readLetters(t, orders, 1)
      assert.equal(letter?.body, 'dead')
      for (const { is, inbox } of siblings) assert.deepEqual(inbox.bodies, [], `what ${is} saw of the dead letter`)
      await apart(t, siblings)
      await assertNoLetters(t, orders, [letter?.id ?? ''])
      assertEach(t, rejects.bodies, ['dead'], 'what the queue saw of its siblings')
    },
  },
  {
    clause: 'M6',
    name: 'a subscription named like the dead-letter queue of another is not that',
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      const billing = await topic.durableSubscription('billing')
      const sibling = await topic.durableSubscription('billing-dlq')
      await topic.publish('a')
      const rejects = t.inbox<string>((delivery) => delivery.reject())
      const copies = t.inbox<string>()
      await billing.consume(rejects.handler)
      await sibling.consume(copies.handler)
      const [letter] = await readLetters(t, billing, 1)
      assert.equal(letter?.body, 'a')
      await copies.count(1)
      await t.quiet()
      assertEach(t, copies.bodies, ['a'], 'what the subscription saw')
    },
  },
  {
    clause: 'M6',
    name: 'names that objects inherit are names like others',
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      const names = ['constructor', 'toString', 'hasOwnProperty', 'valueOf']
      const inboxes = names.map(() => t.inbox<string>())
      for (const [index, name] of names.entries()) {
        const subscription = await topic.durableSubscription(name)
        assert.equal(subscription.name, name)
        await subscription.consume(inboxes[index]?.handler ?? assert.fail('no inbox'))
      }
      await topic.publish('a')
      for (const inbox of inboxes) await inbox.count(1)
      for (const name of names) assert.equal(t.broker.queue(name).name, name)
    },
  },
  {
    clause: 'M6',
    name: 'a name that the rule forbids is a TypeError, thrown by queue() and topic() at once',
    run: async (t) => {
      const topic = t.broker.topic(t.name())
      for (const [name, what] of REFUSED) {
        assert.throws(() => t.broker.queue(name as string), TypeError, `queue(): ${what}`)
        assert.throws(() => t.broker.topic(name as string), TypeError, `topic(): ${what}`)
        await t.rejects(topic.durableSubscription(name as string), 'TypeError')
      }
    },
  },
  {
    clause: 'M6',
    name: 'the longest and the shortest name are taken',
    run: async (t) => {
      for (const name of ['ab', 'Z9', 'a--b', 'a__b', 'a-_-b', 'x'.repeat(64), 'dead-letters', 'ab-orders', 'x-orders'])
        assert.equal(t.broker.queue(name).name, name)
      const queue = await queueOf(t, t.name().padEnd(64, 'x'))
      await apart(t, [queue])
    },
  },
  {
    clause: 'M6',
    name: 'list tells the names as they were given, the longest and the oddest too',
    when: whenAll('M6', 'A6'),
    run: async (t) => {
      const odd = `${t.name()}-_--__x`
      const long = t.name().padEnd(64, 'y')
      for (const name of [odd, long]) {
        await t.broker.queue(name).open()
        await t.broker.topic(name).durableSubscription(name)
      }
      const spelled = (ref: EntityRef) =>
        ref.kind === 'subscription' ? `${ref.kind} ${ref.topic} ${ref.name}` : `${ref.kind} ${ref.name}`
      const expected = [odd, long].flatMap((name) => [`queue ${name}`, `topic ${name}`, `subscription ${name} ${name}`])
      const listed = await t.until('all of them are listed', async () => {
        const all = new Set((await t.broker.list()).map(spelled))
        return expected.every((each) => all.has(each)) ? all : undefined
      })
      const ours = [...listed].filter((each) => each.includes(odd) || each.includes(long))
      assert.deepEqual(
        ours.toSorted(byText),
        expected.toSorted(byText),
        'dead-letter queues are no entities of their own',
      )
    },
  },
]
