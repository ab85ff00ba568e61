import type { Case } from '../case.ts'
import { arrivesOnce } from './kit/arrives-once.ts'
import { numbers } from './kit/samples.ts'

export const cases: readonly Case[] = [
  {
    clause: 'S1',
    name: 'keeps what is published the moment after it was created, though no consumer ever ran',
    async run(t) {
      const publisher = (await t.connect()).topic<number>(t.name('moment'))
      await publisher.open()
      for (const round of numbers(5)) {
        const creator = await t.connect()
        await creator.topic<number>(publisher.name).durableSubscription(`s${round}`)
        await publisher.publish(round)
        await creator.close()
      }
      for (const round of numbers(5)) {
        const inbox = t.inbox<number>()
        const subscription = await t.broker.topic<number>(publisher.name).durableSubscription(`s${round}`)
        await subscription.consume(inbox.handler)
        await arrivesOnce(t, inbox, numbers(5).slice(round))
      }
    },
  },
  {
    clause: 'S1',
    name: 'creating it creates the topic too, which a publisher then finds',
    async run(t) {
      const name = t.name('both')
      const subscription = await t.broker.topic<string>(name).durableSubscription('first')
      const publisher = await t.connect({ provision: 'never' })
      await publisher.topic<string>(name).publish('found')
      const inbox = t.inbox<string>()
      await subscription.consume(inbox.handler)
      await arrivesOnce(t, inbox, ['found'])
    },
  },
  {
    clause: 'S1',
    name: 'created by many at once, it is one subscription that exists for all of them',
    async run(t) {
      const name = t.name('many')
      const brokers = [t.broker, await t.connect(), await t.connect()]
      const created = await Promise.all(
        brokers.map((broker) => broker.topic<number>(name).durableSubscription('billing')),
      )
      await t.broker.topic<number>(name).publishAll(numbers(9).map((body) => ({ body })))
      const inbox = t.inbox<number>()
      for (const subscription of created) await subscription.consume(inbox.handler)
      await arrivesOnce(t, inbox, numbers(9), { faults: t.capabilities.Q4.duplicates === 'rebalance' })
    },
  },
]
