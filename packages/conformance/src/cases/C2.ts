import assert from 'node:assert/strict'
import { BrokerError } from '@anybroker/driver'
import type { Broker } from 'anybroker'
import type { Case, Context } from '../case.ts'
import {
  brokerCalls,
  deadLetterCalls,
  queueCalls,
  subscriptionCalls,
  topicCalls,
  type Given,
} from './kit/every-call.ts'
import { gate } from './kit/gate.ts'
import { refusedAfterClose } from './kit/refused-after-close.ts'

/** That each of these fails with `CLOSED`, at once. */
async function areClosed(
  t: Context,
  of: string,
  calls: Readonly<Record<string, (given?: Given) => Promise<unknown>>>,
): Promise<void> {
  for (const [name, call] of Object.entries(calls)) {
    const [outcome] = await t.within(Promise.allSettled([call()]), `${of}.${name}() ends after close`, 1_000)
    assert.ok(outcome.status === 'rejected', `${of}.${name}() resolved after close`)
    const error: unknown = outcome.reason
    assert.ok(error instanceof BrokerError, `${of}.${name}() after close threw ${String(error)}`)
    assert.equal(error.code, 'CLOSED', `${of}.${name}() after close: ${error.message}`)
  }
}

/** What `make` gives, or undefined where it throws `CLOSED` at once: both are an end. */
function unlessClosed<V>(make: () => V): V | undefined {
  try {
    return make()
  } catch (error) {
    assert.ok(error instanceof BrokerError && error.code === 'CLOSED', `expected CLOSED, got ${String(error)}`)
    return undefined
  }
}

async function closedBroker(t: Context): Promise<Broker> {
  const broker = await t.connect()
  await broker.close()
  return broker
}

export const cases: readonly Case[] = [
  {
    clause: 'C2',
    name: 'every call of a queue and of its dead letters is CLOSED',
    run: async (t) => {
      const broker = await t.connect()
      const used = broker.queue<string>(t.name())
      const unused = broker.queue<string>(t.name())
      await used.send('a')
      await broker.close()
      for (const queue of [used, unused]) {
        await areClosed(t, 'queue', queueCalls(queue))
        await areClosed(t, 'queue.deadLetters', deadLetterCalls(queue.deadLetters))
      }
    },
  },
  {
    clause: 'C2',
    name: 'every call of a topic and of its subscriptions is CLOSED',
    run: async (t) => {
      const broker = await t.connect()
      const topic = broker.topic<string>(t.name())
      const subscription = await topic.durableSubscription(t.name())
      await broker.close()
      await areClosed(t, 'topic', topicCalls(topic))
      await areClosed(t, 'subscription', subscriptionCalls(subscription))
      await areClosed(t, 'subscription.deadLetters', deadLetterCalls(subscription.deadLetters))
    },
  },
  {
    clause: 'C2',
    name: 'every call of the broker is CLOSED, and of what it gives after',
    run: async (t) => {
      const broker = await closedBroker(t)
      await areClosed(t, 'broker', brokerCalls(broker))
      const queue = unlessClosed(() => broker.queue<string>(t.name()))
      if (queue !== undefined) await areClosed(t, 'queue', queueCalls(queue))
      const topic = unlessClosed(() => broker.topic<string>(t.name()))
      if (topic !== undefined) await areClosed(t, 'topic', topicCalls(topic))
    },
  },
  {
    clause: 'C2',
    name: 'nothing that failed with CLOSED was done',
    run: async (t) => {
      const broker = await t.connect()
      const queue = broker.queue<string>(t.name())
      await queue.open()
      const inbox = t.inbox<string>()
      await t.broker.queue<string>(queue.name).consume(inbox.handler)
      await broker.close()
      const error = await t.rejects(queue.send('ghost'), 'CLOSED')
      assert.equal(error.outcome, 'refused')
      await t.quiet()
      assert.deepEqual(inbox.bodies, [])
    },
  },
  {
    clause: 'C2',
    name: 'a settle after close is CLOSED, and the message goes to somebody else',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const held = gate(t)
      const inbox = t.inbox<string>(() => held.opened)
      const worker = await queue.consume(inbox.handler, { concurrency: 3 })
      const bodies = ['a', 'b', 'c']
      await queue.sendAll(bodies.map((body) => ({ body })))
      await t.until('all three are in hand', () => bodies.every((body) => inbox.bodies.includes(body)))
      await t.within(worker.close({ drainMs: 50 }), 'close', 6_000)
      const [first, second, third] = inbox.deliveries
      await refusedAfterClose(t, worker, first?.ack())
      await refusedAfterClose(t, worker, second?.retry())
      await refusedAfterClose(t, worker, third?.reject())
      const elsewhere = t.inbox<string>()
      await queue.consume(elsewhere.handler)
      await t.until('all come elsewhere', () => bodies.every((body) => elsewhere.bodies.includes(body)), 10_000)
      held.open()
    },
  },
  {
    clause: 'C2',
    name: 'a closed consumer is closed, its queue is not',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const worker = await queue.consume(() => {})
      await worker.close()
      await t.rejects(worker.resize({ concurrency: 2 }), 'CLOSED')
      const loop = queue.receive()
      await loop.close()
      assert.deepEqual(await t.within(loop[Symbol.asyncIterator]().next(), 'the closed loop ends'), {
        done: true,
        value: undefined,
      })
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await queue.send('a')
      await inbox.count(1)
    },
  },
  {
    clause: 'C2',
    name: 'one connection closed leaves the other open',
    run: async (t) => {
      const name = t.name()
      const inbox = t.inbox<string>()
      await t.broker.queue<string>(name).consume(inbox.handler)
      const other = await t.connect()
      await other.queue<string>(name).send('a')
      await other.close()
      await t.broker.queue<string>(name).send('b')
      await t.until('both come', () => ['a', 'b'].every((body) => inbox.bodies.includes(body)))
    },
  },
]
