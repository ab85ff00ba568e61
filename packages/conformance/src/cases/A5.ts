import assert from 'node:assert/strict'
import type { Broker } from 'anybroker'
import type { Case } from '../case.ts'
import { gate, QUICK } from './kit/samples.ts'

export const cases: readonly Case[] = [
  {
    clause: 'A5',
    name: 'with provision never a missing queue is NOT_FOUND, named, whatever is asked of it, and is not created',
    async run(t) {
      const name = t.name('missing')
      const never = await t.connect({ provision: 'never' })
      const queue = never.queue<string>(name)
      const asked: readonly (() => Promise<unknown>)[] = [
        () => queue.send('x'),
        () => queue.sendAll([{ body: 'x' }]).catch(firstCause),
        () => queue.consume(() => {}),
        () => queue.receive()[Symbol.asyncIterator]().next(),
      ]
      // Twice: the first round may have created it.
      for (const ask of [...asked, ...asked]) {
        const error = await t.rejects(ask(), 'NOT_FOUND')
        assert.match(error.message, new RegExp(name))
      }
      const again = await t.connect({ provision: 'never' })
      await t.rejects(again.queue(name).send('x'), 'NOT_FOUND')
    },
  },
  {
    clause: 'A5',
    name: 'a missing topic and a missing subscription are NOT_FOUND, named, and are not created',
    async run(t) {
      const name = t.name('missing')
      const never = await t.connect({ provision: 'never' })
      const subscribed = async (of: Broker) => {
        // Without an administrative call it is noticed when it is used.
        const subscription = await of.topic<string>(name).durableSubscription('billing')
        await subscription.consume(() => {})
      }
      assert.match((await t.rejects(never.topic(name).publish('x'), 'NOT_FOUND')).message, new RegExp(name))
      assert.match((await t.rejects(subscribed(never), 'NOT_FOUND')).message, new RegExp(name))
      await t.broker.topic(name).open()
      // The topic is there now, its subscription is not.
      for (const broker of [never, await t.connect({ provision: 'never' })]) {
        await broker.topic<string>(name).publish('x')
        assert.match((await t.rejects(subscribed(broker), 'NOT_FOUND')).message, /billing/)
      }
    },
  },
  {
    clause: 'A5',
    name: 'what others created can be used without the right to create',
    async run(t) {
      const name = t.name('there')
      await t.broker.queue(name).open()
      await t.broker.topic(name).durableSubscription('billing')
      const never = await t.connect({ provision: 'never' })
      const queue = never.queue<string>(name, { retry: QUICK })
      const subscription = await never.topic<string>(name).durableSubscription('billing', { retry: QUICK })
      for (const source of [queue, subscription]) {
        const inbox = t.inbox<string>(async (delivery) => {
          if (delivery.body === 'dead') await delivery.reject()
          else if (alive() === 1) throw new Error('again')
        })
        const alive = () => inbox.bodies.filter((body) => body === 'alive').length
        await using worker = await source.consume(inbox.handler, { concurrency: 2 })
        const send = (body: string) => (source === queue ? queue.send(body) : never.topic<string>(name).publish(body))
        await send('dead')
        await send('alive')
        await t.until('one was retried', () => alive() >= 2)
        await t.until('one is dead, one is acked', () => worker.stats.deadLettered >= 1 && worker.stats.acked >= 1)
      }
    },
  },
  {
    clause: 'A5',
    name: 'an entity says for itself: its own provision goes before that of connect',
    async run(t) {
      const name = t.name('own')
      await t.rejects(t.broker.queue(name, { provision: 'never' }).send('x'), 'NOT_FOUND')
      const never = await t.connect({ provision: 'never' })
      await never.queue(name, { provision: 'create' }).open()
      await (await t.connect({ provision: 'never' })).queue<string>(name).send('now it is there')
    },
  },
  {
    clause: 'A5',
    name: 'verify creates nothing: what is missing is NOT_FOUND, what is there is opened',
    async run(t) {
      const name = t.name('verify')
      const verify = await t.connect({ provision: 'verify' })
      for (const ask of [
        () => verify.queue(name).open(),
        () => verify.topic(name).open(),
        () => verify.topic(name).durableSubscription('billing'),
      ]) {
        assert.match((await t.rejects(ask(), 'NOT_FOUND')).message, new RegExp(name))
      }
      const never = await t.connect({ provision: 'never' })
      await t.rejects(never.queue(name).send('x'), 'NOT_FOUND')
      await t.rejects(never.topic(name).publish('x'), 'NOT_FOUND')
      await t.broker.queue(name).open()
      const again = await t.connect({ provision: 'verify' })
      await again.queue<string>(name).send('there')
    },
  },
  {
    clause: 'A5',
    name: 'what was deleted under a running consumer is not created again behind its back',
    needs: ['breakConnection'],
    timeoutMs: 60_000,
    async run(t) {
      const name = t.name('deleted')
      const owner = await t.connect()
      await owner.queue(name).open()
      const held = gate()
      const worker = await t.broker.queue<string>(name).consume((delivery) => held.pass(delivery))
      // Nobody has to await it.
      worker.done.catch(() => {})
      await owner.queue(name).delete()
      await t.harness.breakConnection?.()
      await t.quiet(500)
      const never = await t.connect({ provision: 'never' })
      await t.rejects(never.queue(name).send('x', { timeoutMs: 20_000 }), 'NOT_FOUND')
    },
  },
]

/** `sendAll` rejects with all outcomes: the error of the first message, as `send` would have thrown it. */
function firstCause(error: unknown): never {
  const outcomes: unknown = error instanceof Error && 'outcomes' in error ? error.outcomes : undefined
  const first: unknown = Array.isArray(outcomes) ? outcomes[0] : undefined
  throw typeof first === 'object' && first !== null && 'error' in first && first.error instanceof Error
    ? first.error
    : error
}
