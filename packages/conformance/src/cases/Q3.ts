import assert from 'node:assert/strict'
import type { Case } from '../case.ts'
import { arrivesOnce, assertRepeated } from './kit/arrives-once.ts'
import { gate, numbers, QUICK } from './kit/samples.ts'

/** The default lease of 30 s, which nobody renews any more, and the way back. */
const AFTER_A_DEATH_MS = 45_000

export const cases: readonly Case[] = [
  {
    clause: 'Q3',
    name: 'a consumer that closes in the middle of its handlers: all it held is delivered again',
    async run(t) {
      const name = t.name('middle')
      const held = gate()
      const first = t.inbox<number>((delivery) => held.pass(delivery))
      const worker = await t.broker.queue<number>(name).consume(first.handler, { concurrency: 3 })
      // More than it runs: some wait in its hands without a handler.
      await t.broker.queue<number>(name).sendAll(numbers(8).map((body) => ({ body })))
      await first.count(3)
      await worker.close({ drainMs: 0 })

      const second = t.inbox<number>()
      await (await t.connect()).queue<number>(name).consume(second.handler)
      await arrivesOnce(t, second, numbers(8))
    },
  },
  {
    clause: 'Q3',
    name: 'two consumers and a death: what the one held reaches the other, and only that',
    async run(t) {
      const name = t.name('death')
      const dying = await t.connect()
      const held = gate()
      const first = t.inbox<string>((delivery) => held.pass(delivery))
      await dying.queue<string>(name).consume(first.handler, { maxUnsettled: 1 })
      await t.broker.queue<string>(name).send('held')
      await first.count(1)

      const second = t.inbox<string>()
      await t.broker.queue<string>(name).consume(second.handler)
      await dying.close({ drainMs: 0 })
      await arrivesOnce(t, second, ['held'])
      assert.equal(second.deliveries[0]?.id, first.deliveries[0]?.id)
    },
  },
  {
    clause: 'Q3',
    name: 'a loop that breaks off without settling loses nothing when it is closed',
    async run(t) {
      const queue = t.broker.queue<number>(t.name('loop'))
      await queue.sendAll(numbers(5).map((body) => ({ body })))
      const loop = (await t.connect()).queue<number>(queue.name).receive()
      const taken: number[] = []
      for await (const delivery of loop) {
        taken.push(delivery.body)
        if (taken.length === 2) break
      }
      await loop.close()

      const inbox = t.inbox<number>()
      await queue.consume(inbox.handler)
      await arrivesOnce(t, inbox, numbers(5))
    },
  },
  {
    clause: 'Q3',
    name: 'a message whose handler failed stays until one succeeds',
    async run(t) {
      const queue = t.broker.queue<string>(t.name('fails'), { retry: QUICK })
      let tries = 0
      const inbox = t.inbox<string>(() => {
        tries += 1
        if (tries < 3) throw new Error('not yet')
      })
      await queue.consume(inbox.handler)
      await queue.send('again')
      await inbox.count(3)
      await t.quiet()
      assertRepeated(t, inbox.bodies.slice(3))
    },
  },
  {
    clause: 'Q3',
    name: 'a broken connection loses nothing that was in hand',
    needs: ['breakConnection'],
    timeoutMs: 60_000,
    async run(t) {
      const queue = t.broker.queue<number>(t.name('broken'), { retry: QUICK })
      const held = gate()
      const acked = new Set<number>()
      const inbox = t.inbox<number>(async (delivery) => {
        await held.pass(delivery)
        await delivery.ack()
        acked.add(delivery.body)
      })
      await queue.consume(inbox.handler, { concurrency: 4 })
      await queue.sendAll(numbers(4).map((body) => ({ body })))
      await inbox.count(4)
      await t.harness.breakConnection?.()
      held.open()
      await t.until('the broker took an ack for each', () => acked.size === 4, AFTER_A_DEATH_MS)
    },
  },
  {
    clause: 'Q3',
    name: 'a consumer that was killed: what it held is delivered again',
    needs: ['spawn'],
    timeoutMs: 120_000,
    async run(t) {
      const queue = t.broker.queue<string>(t.name('killed'))
      await queue.open()
      const victim = await t.harness.spawn?.({ source: { queue: queue.name }, handler: 'hang' })
      assert.ok(victim)
      t.after(() => victim.kill())
      await queue.send('survives')
      await t.until('the victim has it', async () => (await victim.received()).length === 1, 30_000)
      await victim.kill()

      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await inbox.count(1, AFTER_A_DEATH_MS)
      assert.deepEqual(inbox.bodies, ['survives'])
    },
  },
]
