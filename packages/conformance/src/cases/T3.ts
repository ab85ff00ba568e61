import type { Case } from '../case.ts'
import { arrivesOnce } from './kit/arrives-once.ts'
import { numbers } from './kit/samples.ts'
import { whenAll } from '../when.ts'

export const cases: readonly Case[] = [
  {
    clause: 'T3',
    name: 'a new durable subscription sees nothing from before, although another still keeps it',
    async run(t) {
      const topic = t.broker.topic<number>(t.name('before'))
      await topic.durableSubscription('keeps')
      await topic.publishAll(numbers(10).map((body) => ({ body })))
      const late = await (await t.connect()).topic<number>(topic.name).durableSubscription('late')
      await topic.publish(10)
      const inbox = t.inbox<number>()
      await late.consume(inbox.handler)
      await arrivesOnce(t, inbox, [10])
    },
  },
  {
    clause: 'T3',
    name: 'nor does an ephemeral one',
    when: whenAll('E1'),
    async run(t) {
      const topic = t.broker.topic<number>(t.name('live'))
      await topic.durableSubscription('keeps')
      await topic.publishAll(numbers(10).map((body) => ({ body })))
      const inbox = t.inbox<number>()
      await topic.subscribe(inbox.handler)
      await topic.publish(10)
      await arrivesOnce(t, inbox, [10])
    },
  },
  {
    clause: 'T3',
    name: 'each one begins where it was created, one after another',
    async run(t) {
      const topic = t.broker.topic<number>(t.name('each'))
      const inboxes = []
      for (const round of numbers(4)) {
        const inbox = t.inbox<number>()
        await (await topic.durableSubscription(`s${round}`)).consume(inbox.handler)
        inboxes.push(inbox)
        await topic.publish(round)
      }
      for (const [round, inbox] of inboxes.entries()) await arrivesOnce(t, inbox, numbers(4).slice(round))
    },
  },
]
