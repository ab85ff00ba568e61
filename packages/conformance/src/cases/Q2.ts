import type { Case } from '../case.ts'
import { arrivesOnce, assertOnce } from './kit/arrives-once.ts'
import { assertEach } from './kit/grades.ts'
import { numbers } from './kit/samples.ts'

const DAY_MS = 86_400_000

export const cases: readonly Case[] = [
  {
    clause: 'Q2',
    name: 'what was sent before any consumer existed is delivered, though its sender is gone',
    async run(t) {
      const name = t.name('waits')
      const sender = await t.connect()
      await sender.queue<number>(name).sendAll(numbers(25).map((body) => ({ body })))
      await sender.close()

      const inbox = t.inbox<number>()
      await t.broker.queue<number>(name).consume(inbox.handler)
      await arrivesOnce(t, inbox, numbers(25))
    },
  },
  {
    clause: 'Q2',
    name: 'messages wait between two consumers, time and again',
    async run(t) {
      const queue = t.broker.queue<number>(t.name('between'))
      const inbox = t.inbox<number>()
      for (const round of numbers(3)) {
        await queue.send(round * 2)
        await queue.send(round * 2 + 1)
        const consumer = await t.connect()
        await consumer.queue<number>(queue.name).consume(inbox.handler)
        await t.until('both are handled', () => new Set(inbox.bodies).size === (round + 1) * 2)
        await consumer.close()
      }
      assertOnce(t, inbox.bodies, numbers(6))
    },
  },
  {
    clause: 'Q2',
    name: 'messages wait for a day, or for half of the stated retention',
    needs: ['virtualTime'],
    async run(t) {
      const time = t.virtual()
      const broker = await time.connect()
      const queue = broker.queue<string>(t.name('day'))
      await queue.send('old')
      await time.advance(Math.min(DAY_MS, (broker.capabilities.Q2.retentionMs ?? Infinity) / 2))
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await time.advance(1_000)
      await inbox.count(1)
      assertEach(broker, inbox.bodies, ['old'], 'what waited for a day')
    },
  },
  {
    clause: 'Q2',
    name: 'messages wait while the broker restarts',
    needs: ['restart'],
    timeoutMs: 120_000,
    async run(t) {
      const queue = t.broker.queue<number>(t.name('restart'))
      await queue.sendAll(numbers(20).map((body) => ({ body })))
      await t.harness.restart?.()
      const inbox = t.inbox<number>()
      await (await t.connect()).queue<number>(queue.name).consume(inbox.handler)
      await arrivesOnce(t, inbox, numbers(20), { withinMs: 60_000, faults: true })
    },
  },
]
