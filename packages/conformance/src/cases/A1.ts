import assert from 'node:assert/strict'
import type { Case } from '../case.ts'
import { arrivesOnce } from './kit/arrives-once.ts'
import { numbers } from './kit/samples.ts'

export const cases: readonly Case[] = [
  {
    clause: 'A1',
    name: 'delete removes a queue with its backlog and its dead letters: the same name begins empty',
    async run(t) {
      const name = t.name('anew')
      const first = await t.connect()
      const queue = first.queue<number>(name)
      await queue.send(0)
      const worker = await queue.consume((delivery) => delivery.reject())
      await t.until('it is dead', () => worker.stats.deadLettered >= 1)
      await worker.close()
      await queue.sendAll(numbers(5).map((body) => ({ body })))
      assert.equal(await queue.delete(), true)
      await first.close()

      const again = t.broker.queue<number>(name)
      const inbox = t.inbox<number>()
      await again.consume(inbox.handler)
      await again.send(99)
      await arrivesOnce(t, inbox, [99])
      const dead = []
      for await (const letter of again.deadLetters.receive({ untilEmpty: true })) dead.push(letter.body)
      assert.deepEqual(dead, [])
    },
  },
  {
    clause: 'A1',
    name: 'delete resolves false where there was nothing, and never creates what it deletes',
    async run(t) {
      const name = t.name('nothing')
      assert.equal(await t.broker.queue(name).delete(), false)
      assert.equal(await t.broker.topic(name).delete(), false)
      const never = await t.connect({ provision: 'never' })
      await t.rejects(never.queue(name).send('x'), 'NOT_FOUND')
      await t.rejects(never.topic(name).publish('x'), 'NOT_FOUND')
    },
  },
  {
    clause: 'A1',
    name: 'delete removes a topic with all its subscriptions',
    async run(t) {
      const name = t.name('topic')
      const first = await t.connect()
      const topic = first.topic<number>(name)
      await topic.durableSubscription('one')
      await topic.durableSubscription('two')
      await topic.publishAll(numbers(3).map((body) => ({ body })))
      assert.equal(await topic.delete(), true)
      await first.close()

      const again = t.broker.topic<number>(name)
      const inboxes = [t.inbox<number>(), t.inbox<number>()]
      for (const [index, inbox] of inboxes.entries())
        await (await again.durableSubscription(['one', 'two'][index] ?? '')).consume(inbox.handler)
      await again.publish(99)
      for (const inbox of inboxes) await arrivesOnce(t, inbox, [99])
      assert.equal(await t.broker.topic(name).delete(), true)
      assert.equal(await (await t.connect()).topic(name).delete(), false)
    },
  },
  {
    clause: 'A1',
    name: 'opened by many at once, it is created once, and opening again changes nothing in it',
    async run(t) {
      const name = t.name('once')
      const brokers = [t.broker, await t.connect(), await t.connect()]
      await Promise.all(brokers.map((broker) => broker.queue(name).open()))
      await t.broker.queue<number>(name).sendAll(numbers(5).map((body) => ({ body })))
      await (await t.connect()).queue(name).open()
      const inbox = t.inbox<number>()
      for (const broker of brokers) await broker.queue<number>(name).consume(inbox.handler)
      await arrivesOnce(t, inbox, numbers(5), { faults: t.capabilities.Q4.duplicates === 'rebalance' })
    },
  },
]
