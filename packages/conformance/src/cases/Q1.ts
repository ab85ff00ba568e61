import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Case } from '../case.ts'
import { arrivesOnce } from './kit/arrives-once.ts'
import { gate, numbers } from './kit/samples.ts'

/** Sixty handlers of a few milliseconds, one after another, on a machine that is busy with more than this. */
const WORKED_MS = 25_000

export const cases: readonly Case[] = [
  {
    clause: 'Q1',
    name: 'of two consumers on two connections, each message is in the hands of one',
    async run(t) {
      const name = t.name('shared')
      const inHand = new Set<string>()
      const twice: string[] = []
      const inbox = t.inbox<number>(async ({ id }) => {
        if (inHand.has(id)) twice.push(id)
        inHand.add(id)
        await sleep(5)
        inHand.delete(id)
      })
      for (const broker of [t.broker, await t.connect()])
        await broker.queue<number>(name).consume(inbox.handler, { concurrency: 4 })
      await t.broker.queue<number>(name).sendAll(numbers(60).map((body) => ({ body })))

      await arrivesOnce(t, inbox, numbers(60), { withinMs: WORKED_MS })
      assert.deepEqual(twice, [], 'handed to two at once')
    },
  },
  {
    clause: 'Q1',
    name: 'what one consumer holds, an idle one is not given',
    async run(t) {
      const name = t.name('held')
      const held = gate()
      const inbox = t.inbox<string>((delivery) => held.pass(delivery))
      for (const broker of [t.broker, await t.connect(), await t.connect()])
        await broker.queue<string>(name).consume(inbox.handler, { concurrency: 2 })
      await t.broker.queue<string>(name).send('mine')
      await inbox.count(1)
      await t.quiet(400)
      assert.deepEqual(inbox.bodies, ['mine'], 'given to an idle one while another holds it')
      held.open()
      await arrivesOnce(t, inbox, ['mine'])
    },
  },
  {
    clause: 'Q1',
    name: 'consumers share the load and none starves',
    async run(t) {
      const name = t.name('load')
      const consumers = Math.min(t.capabilities.Q1.maxConsumers ?? 3, 3)
      const taken = numbers(consumers).map(() => 0)
      const inbox = t.inbox<number>()
      const each = 20
      for (const consumer of numbers(consumers)) {
        const broker = await t.connect()
        await broker.queue<number>(name).consume(
          async (delivery) => {
            taken[consumer] = (taken[consumer] ?? 0) + 1
            await sleep(10)
            await inbox.handler(delivery)
          },
          { maxUnsettled: 2 },
        )
      }
      await t.broker.queue<number>(name).sendAll(numbers(each * consumers).map((body) => ({ body })))
      await arrivesOnce(t, inbox, numbers(each * consumers), { withinMs: WORKED_MS })
      assert.ok(!taken.includes(0), `one starved: ${taken.join(', ')}`)
    },
  },
  {
    clause: 'Q1',
    name: 'a consumer that joins while others work gets its share',
    async run(t) {
      const name = t.name('joins')
      const inbox = t.inbox<number>(() => sleep(10))
      await t.broker.queue<number>(name).consume(inbox.handler, { maxUnsettled: 2 })
      await t.broker.queue<number>(name).send(-1)
      await inbox.count(1)

      const late = t.inbox<number>((delivery) => inbox.handler(delivery))
      await (await t.connect()).queue<number>(name).consume(late.handler, { maxUnsettled: 2 })
      await t.broker.queue<number>(name).sendAll(numbers(60).map((body) => ({ body })))
      await t.until('all are handled', () => new Set(inbox.bodies).size === 61, WORKED_MS)
      assert.ok(late.bodies.length > 0, 'the one that joined was given nothing')
    },
  },
]
