import assert from 'node:assert/strict'
import type { Case } from '../case.ts'
import { arrival } from './kit/arrivals.ts'
import { gate } from './kit/gate.ts'
import { assertEach, isCount, steady } from './kit/grades.ts'
import { assertNoLetters, readLetters } from './kit/letters.ts'
import { whenNone } from '../when.ts'

export const cases: readonly Case[] = [
  {
    clause: 'A4',
    name: 'purge drops what waits, and what is sent after it flows',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      await queue.sendAll([{ body: 'a' }, { body: 'b' }, { body: 'c' }])
      const dropped = await queue.purge()
      assert.ok(dropped === undefined || dropped === 3, `purge says that it dropped ${dropped}`)
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await arrival(t, inbox, (await queue.send('after')).id)
      await t.quiet()
      assertEach(t, inbox.bodies, ['after'], 'what came after the purge')
      await assertNoLetters(t, queue)
    },
  },
  {
    clause: 'A4',
    name: 'what is in hand stays in hand',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const held = gate(t)
      const inbox = t.inbox<string>((delivery) => (delivery.body === 'held' ? held.opened : undefined))
      const worker = await queue.consume(inbox.handler, { concurrency: 1, maxUnsettled: 1 })
      await queue.send('held')
      const [delivery] = await inbox.count(1)
      assert.ok(delivery !== undefined)
      await queue.sendAll([{ body: 'waits' }, { body: 'waits' }])
      await queue.purge()
      assert.equal(delivery.signal.aborted, false)
      await delivery.ack()
      held.open()
      await arrival(t, inbox, (await queue.send('after')).id)
      await t.quiet()
      assertEach(t, inbox.bodies, ['held', 'after'], 'what came')
      if (steady(t)) assert.equal(worker.stats.lost, 0)
    },
  },
  {
    clause: 'A4',
    name: 'what is in hand and retried after a purge comes again',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const held = gate(t)
      let handled = 0
      const inbox = t.inbox<string>(async (delivery) => {
        handled += 1
        if (handled > 1) return
        await held.opened
        await delivery.retry({ delayMs: 0 })
      })
      await queue.consume(inbox.handler, { concurrency: 1, maxUnsettled: 1 })
      await queue.send('held')
      await inbox.count(1)
      await queue.purge()
      held.open()
      await inbox.count(2)
    },
  },
  {
    clause: 'A4',
    name: 'it purges one subscription and no other',
    run: async (t) => {
      const topic = t.broker.topic<string>(t.name())
      const purged = await topic.durableSubscription(t.name('purged'))
      const kept = await topic.durableSubscription(t.name('kept'))
      await topic.publish('a')
      await purged.purge()
      await topic.publish('b')
      const some = t.inbox<string>()
      const all = t.inbox<string>()
      await purged.consume(some.handler)
      await kept.consume(all.handler)
      await t.until('both come to the other', () => ['a', 'b'].every((body) => all.bodies.includes(body)))
      await t.until('the later one comes', () => some.bodies.includes('b'))
      await t.quiet()
      assertEach(t, some.bodies, ['b'], 'what the purged subscription saw')
    },
  },
  {
    clause: 'A4',
    name: 'a queue and its dead letters are purged each by itself',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const rejects = t.inbox<string>((delivery) => delivery.reject())
      const worker = await queue.consume(rejects.handler)
      const first = await queue.send('dead')
      await t.until('it is dead', () => worker.stats.deadLettered >= 1)
      await worker.close()
      await queue.send('waits')
      await queue.purge()
      const [letter] = await readLetters(t, queue, 1)
      assert.equal(letter?.body, 'dead')

      const again = await queue.consume(rejects.handler)
      const second = await queue.send('dead again')
      // Its handler ends with its reject, and closing waits for that.
      await arrival(t, rejects, second.id)
      await again.close()
      assert.ok(again.stats.deadLettered >= 1, 'it is dead, too')
      await queue.send('waits')
      const dropped = await queue.deadLetters.purge()
      assert.ok(dropped === undefined || isCount(t, dropped, 1), `purge says that it dropped ${dropped}`)
      await assertNoLetters(t, queue, [first.id, second.id])
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await t.until('what waits comes', () => inbox.bodies.includes('waits'))
      assertEach(t, inbox.bodies, ['waits'], 'what the purge of the dead letters left', ['dead', 'dead again'])
    },
  },
  {
    clause: 'A4',
    name: 'purging what is empty does nothing',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      await queue.open()
      assert.ok([0, undefined].includes(await queue.purge()))
      assert.ok([0, undefined].includes(await queue.deadLetters.purge()))
    },
  },
  {
    clause: 'A4',
    name: 'where it is none, purge is UNSUPPORTED',
    when: whenNone('A4'),
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const subscription = await t.broker.topic<string>(t.name()).durableSubscription(t.name())
      for (const source of [queue, subscription]) {
        await t.rejects(source.purge(), 'UNSUPPORTED')
        await t.rejects(source.deadLetters.purge(), 'UNSUPPORTED')
      }
    },
  },
]
