import assert from 'node:assert/strict'
import type { Case } from '../case.ts'
import { arrivesOnce } from './kit/arrives-once.ts'
import { gate, numbers } from './kit/samples.ts'

export const cases: readonly Case[] = [
  {
    clause: 'T1',
    name: 'each subscription gets its own copy of each message',
    async run(t) {
      const topic = t.broker.topic<number>(t.name('copies'))
      const inboxes = []
      for (const name of ['one', 'two', 'three']) {
        const inbox = t.inbox<number>()
        await (await topic.durableSubscription(name)).consume(inbox.handler)
        inboxes.push(inbox)
      }
      if (t.capabilities.E1.grade !== 'none') {
        const live = t.inbox<number>()
        await topic.subscribe(live.handler)
        inboxes.push(live)
      }
      await (await t.connect()).topic<number>(topic.name).publishAll(numbers(20).map((body) => ({ body })))
      for (const inbox of inboxes) await arrivesOnce(t, inbox, numbers(20))
    },
  },
  {
    clause: 'T1',
    name: 'a subscription that stands still delays no fast one',
    async run(t) {
      const topic = t.broker.topic<number>(t.name('slow'))
      const slow = await topic.durableSubscription('slow')
      const fast = await topic.durableSubscription('fast')
      const held = gate()
      const stuck = t.inbox<number>((delivery) => held.pass(delivery))
      const inbox = t.inbox<number>()
      await slow.consume(stuck.handler, { maxUnsettled: 1 })
      await fast.consume(inbox.handler, { concurrency: 10 })
      await topic.publish(0)
      await stuck.count(1)
      await topic.publishAll(numbers(100).map((body) => ({ body: body + 1 })))
      await arrivesOnce(t, inbox, numbers(101))
      assert.deepEqual(stuck.bodies, [0])
      held.open()
      await arrivesOnce(t, stuck, numbers(101))
    },
  },
  {
    clause: 'T1',
    name: 'what one subscription has consumed, another still gets',
    async run(t) {
      const topic = t.broker.topic<number>(t.name('later'))
      const first = await topic.durableSubscription('first')
      const second = await topic.durableSubscription('second')
      await topic.publishAll(numbers(10).map((body) => ({ body })))
      for (const subscription of [first, second]) {
        const inbox = t.inbox<number>()
        await subscription.consume(inbox.handler, { concurrency: 3 })
        await arrivesOnce(t, inbox, numbers(10))
      }
    },
  },
  {
    clause: 'T1',
    name: 'what a handler does to its body, no other subscription sees',
    async run(t) {
      const topic = t.broker.topic<{ list: number[] }>(t.name('changed'))
      const inboxes = []
      for (const name of ['one', 'two']) {
        const seen = t.inbox<{ list: number[] }>()
        const subscription = await topic.durableSubscription(name)
        await subscription.consume(async (delivery) => {
          delivery.body.list.push(2)
          await seen.handler(delivery)
        })
        inboxes.push(seen)
      }
      await topic.publish({ list: [1] })
      for (const inbox of inboxes) {
        await inbox.count(1)
        assert.deepEqual(inbox.bodies[0], { list: [1, 2] })
      }
    },
  },
]
