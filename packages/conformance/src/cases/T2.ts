import assert from 'node:assert/strict'
import type { Case } from '../case.ts'
import { arrivesOnce } from './kit/arrives-once.ts'
import { numbers } from './kit/samples.ts'

export const cases: readonly Case[] = [
  {
    clause: 'T2',
    name: 'publishing with no subscription resolves with the word of the broker',
    async run(t) {
      const topic = t.broker.topic<string>(t.name('nobody'))
      const sent = await t.within(topic.publish('unheard', { id: 'mine' }), 'the publish')
      assert.equal(sent.id, 'mine')
      assert.ok(sent.evidence.length > 0, 'the broker said nothing')
    },
  },
  {
    clause: 'T2',
    name: 'and the messages are gone: the first subscription finds none of them',
    async run(t) {
      const topic = t.broker.topic<number>(t.name('gone'))
      const sent = await topic.publishAll(numbers(50).map((body) => ({ body })))
      assert.equal(sent.length, 50)
      const inbox = t.inbox<number>()
      await (await topic.durableSubscription('first')).consume(inbox.handler)
      await t.quiet()
      await topic.publish(50)
      await arrivesOnce(t, inbox, [50])
    },
  },
  {
    clause: 'T2',
    name: 'publishing goes on when the last subscription has gone',
    async run(t) {
      const topic = t.broker.topic<number>(t.name('last'))
      const subscription = await topic.durableSubscription('last')
      await topic.publish(0)
      await subscription.unsubscribe()
      for (const body of numbers(3)) await t.within(topic.publish(body), 'a publish after the last one left')
      const inbox = t.inbox<number>()
      await (await topic.durableSubscription('last')).consume(inbox.handler)
      await t.quiet()
      assert.deepEqual(inbox.bodies, [])
    },
  },
]
