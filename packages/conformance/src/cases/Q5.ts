import assert from 'node:assert/strict'
import type { Case } from '../case.ts'
import { ack } from './kit/ack.ts'
import { arrivesOnce, assertOnce } from './kit/arrives-once.ts'
import { numbers, QUICK } from './kit/samples.ts'

export const cases: readonly Case[] = [
  {
    clause: 'Q5',
    name: 'queues whose names begin alike are apart',
    async run(t) {
      const name = t.name('apart')
      const names = [name, `${name}-dlq`, `${name}-0`, `${name}_0`, name.toUpperCase()]
      const inboxes = names.map(() => t.inbox<string>())
      for (const [index, each] of names.entries()) {
        const inbox = inboxes[index]
        assert.ok(inbox)
        await t.broker.queue<string>(each).consume(inbox.handler)
      }
      for (const each of names)
        await t.broker.queue<string>(each).sendAll(numbers(3).map((n) => ({ body: `${n} ${each}` })))
      for (const [index, inbox] of inboxes.entries())
        await arrivesOnce(
          t,
          inbox,
          numbers(3).map((n) => `${n} ${names[index]}`),
        )
    },
  },
  {
    clause: 'Q5',
    name: 'a queue, a topic and a subscription of one name are apart',
    async run(t) {
      const name = t.name('same')
      const queue = t.broker.queue<string>(name)
      const topic = t.broker.topic<string>(name)
      const subscription = await topic.durableSubscription(name)
      const ofQueue = t.inbox<string>()
      const ofTopic = t.inbox<string>()
      await queue.consume(ofQueue.handler)
      await subscription.consume(ofTopic.handler)
      await queue.send('to the queue')
      await topic.publish('to the topic')
      await arrivesOnce(t, ofQueue, ['to the queue'])
      await arrivesOnce(t, ofTopic, ['to the topic'])
    },
  },
  {
    clause: 'Q5',
    name: 'the dead letters of one queue are not those of another',
    async run(t) {
      const one = t.broker.queue<number>(t.name('one'), { retry: QUICK })
      const other = t.broker.queue<number>(t.name('other'), { retry: QUICK })
      const worker = await one.consume((delivery) => delivery.reject())
      await other.open()
      await one.sendAll(numbers(3).map((body) => ({ body })))
      await t.until('all are dead', () => worker.stats.deadLettered >= 3)
      const letters = async (of: typeof one) => {
        const bodies: (number | undefined)[] = []
        for await (const letter of of.deadLetters.receive({ untilEmpty: true })) {
          if (await ack(t, letter)) bodies.push(letter.body)
        }
        return bodies
      }
      assert.deepEqual(await t.within(letters(other), 'the dead letters of the other'), [])
      const own: number[] = []
      // As eventual as the broker is: what it does not show yet, a later loop finds.
      await t.until('the dead letters of the one', async () => {
        for (const body of await letters(one)) own.push(body ?? NaN)
        return new Set(own).size >= 3
      })
      assertOnce(t, own, numbers(3))
    },
  },
  {
    clause: 'Q5',
    name: 'deleting one queue leaves its neighbours alone',
    async run(t) {
      const name = t.name('neighbour')
      const keeps = t.broker.queue<number>(name)
      const goes = t.broker.queue<number>(`${name}-2`)
      await keeps.sendAll(numbers(3).map((body) => ({ body })))
      await goes.send(9)
      await goes.delete()
      const inbox = t.inbox<number>()
      await keeps.consume(inbox.handler)
      await arrivesOnce(t, inbox, numbers(3))
    },
  },
]
