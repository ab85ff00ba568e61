import assert from 'node:assert/strict'
import type { SendOptions } from 'anybroker'
import type { Case } from '../case.ts'
import { arrivesOnce } from './kit/arrives-once.ts'
import { numbers } from './kit/samples.ts'

/** What other libraries call it. */
const NAMING_A_SUBSCRIBER = ['subscription', 'subscriptions', 'subscriber', 'consumer', 'group', 'to', 'target', 'name']

export const cases: readonly Case[] = [
  {
    clause: 'T4',
    name: 'no option of publish names a subscriber',
    async run(t) {
      const topic = t.broker.topic<string>(t.name('names'))
      const inbox = t.inbox<string>()
      await (await topic.durableSubscription('billing')).consume(inbox.handler)
      for (const option of NAMING_A_SUBSCRIBER) {
        const options = { [option]: 'billing' } as SendOptions
        await t.rejects(topic.publish('to billing', options), 'TypeError')
        await assert.rejects(topic.publishAll([{ body: 'to billing', ...options }]), 'publishAll takes it')
      }
      await topic.publish('to all')
      await arrivesOnce(t, inbox, ['to all'])
    },
  },
  {
    clause: 'T4',
    name: 'what publish resolves with tells nothing about subscribers',
    async run(t) {
      const topic = t.broker.topic<string>(t.name('tells'))
      const alone = await topic.publish('to nobody')
      await topic.durableSubscription('one')
      await topic.durableSubscription('two')
      const heard = await topic.publish('to two')
      assert.deepEqual(Object.keys(alone).toSorted(), ['evidence', 'id'])
      assert.deepEqual(Object.keys(heard).toSorted(), ['evidence', 'id'])
    },
  },
  {
    clause: 'T4',
    name: 'subscriptions come and go while one publisher keeps on publishing',
    async run(t) {
      const topic = (await t.connect()).topic<number>(t.name('goes-on'))
      // It has published before any of them existed: what it knew then must not matter.
      await topic.publish(-1)
      const subscriber = t.broker.topic<number>(topic.name)
      for (const round of numbers(3)) {
        const subscription = await subscriber.durableSubscription(`s${round}`)
        await topic.publishAll(numbers(5).map((body) => ({ body })))
        const inbox = t.inbox<number>()
        await using worker = await subscription.consume(inbox.handler)
        await arrivesOnce(t, inbox, numbers(5))
        await worker.close()
        await subscription.unsubscribe()
        await topic.publish(-1)
      }
    },
  },
]
