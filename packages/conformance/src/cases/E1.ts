import type { Case } from '../case.ts'
import { arrivesOnce, assertOnce } from './kit/arrives-once.ts'
import { numbers } from './kit/samples.ts'
import { whenAll, whenNone } from '../when.ts'

export const cases: readonly Case[] = [
  {
    clause: 'E1',
    name: 'sees all from the moment it was subscribed until it was closed, and nothing else',
    async run(t) {
      const publisher = (await t.connect()).topic<number>(t.name('while'))
      await publisher.publishAll(numbers(5).map((n) => ({ body: n - 100 })))
      const inbox = t.inbox<number>()
      const worker = await t.broker.topic<number>(publisher.name).subscribe(inbox.handler, { concurrency: 4 })
      await publisher.publishAll(numbers(20).map((body) => ({ body })))
      await t.until('all have come', () => new Set(inbox.bodies).size === 20)
      await worker.close()
      await publisher.publishAll(numbers(5).map((n) => ({ body: n + 100 })))
      await t.quiet()
      assertOnce(t, inbox.bodies, numbers(20))
    },
  },
  {
    clause: 'E1',
    name: 'does not miss what is published the moment after it was subscribed',
    async run(t) {
      const publisher = (await t.connect()).topic<number>(t.name('moment'))
      await publisher.open()
      for (const round of numbers(5)) {
        const inbox = t.inbox<number>()
        await using worker = await t.broker.topic<number>(publisher.name).subscribe(inbox.handler)
        await publisher.publish(round)
        await inbox.count(1)
        assertOnce(t, inbox.bodies, [round])
        await worker.close()
      }
    },
  },
  {
    clause: 'E1',
    name: 'two of one process are apart: each sees all, and one that closes takes nothing from the other',
    async run(t) {
      const topic = t.broker.topic<number>(t.name('two'))
      const stays = t.inbox<number>()
      const goes = t.inbox<number>()
      await topic.subscribe(stays.handler)
      const leaving = await topic.subscribe(goes.handler)
      await topic.publishAll(numbers(5).map((body) => ({ body })))
      for (const inbox of [stays, goes]) await arrivesOnce(t, inbox, numbers(5))
      await leaving.close()
      await topic.publishAll(numbers(5).map((n) => ({ body: n + 5 })))
      await arrivesOnce(t, stays, numbers(10))
      assertOnce(t, goes.bodies, numbers(5))
    },
  },
  {
    clause: 'E1',
    name: 'sees only what its filter lets through',
    when: whenAll('E1', 'R3.equals'),
    async run(t) {
      const topic = t.broker.topic<number>(t.name('filter'))
      const inbox = t.inbox<number>()
      await topic.subscribe(inbox.handler, { filter: { region: 'eu' } })
      for (const body of numbers(6)) await topic.publish(body, { headers: { region: body % 2 === 0 ? 'eu' : 'us' } })
      await arrivesOnce(t, inbox, [0, 2, 4])
    },
  },
  {
    clause: 'E1',
    name: 'an outage is bridged, or an event says that there may be a gap',
    needs: ['breakConnection'],
    timeoutMs: 60_000,
    async run(t) {
      const topic = t.broker.topic<number>(t.name('outage'))
      // Several, because whichever is back first publishes while the subscriber may still be away.
      const publishers = await Promise.all(numbers(4).map(async () => (await t.connect()).topic<number>(topic.name)))
      let gaps = 0
      t.broker.on('gap', (facts) => {
        if (facts.topic === topic.name) gaps += 1
      })
      const inbox = t.inbox<number>()
      // What was on its way over a connection that broke comes again when its lease ends.
      await topic.subscribe(inbox.handler, { leaseMs: 1_000 })
      await Promise.all(publishers.map((publisher) => publisher.publish(-1)))
      await inbox.count(4)
      for (const round of numbers(3)) {
        const before = gaps
        const bodies = numbers(20).map((n) => round * 20 + n)
        await t.harness.breakConnection?.()
        const publishing = publishers.map((publisher, index) => {
          const share = bodies.filter((body) => body % publishers.length === index)
          return publisher.publishAll(
            share.map((body) => ({ body })),
            { timeoutMs: 20_000 },
          )
        })
        await Promise.all(publishing)
        await t.until(
          'all have come, or an event gap',
          () => gaps > before || bodies.every((body) => inbox.bodies.includes(body)),
          10_000,
        )
      }
      await t.until(
        'it sees what is published now',
        async () => {
          await topic.publish(99)
          return inbox.bodies.includes(99)
        },
        10_000,
      )
    },
  },
  {
    clause: 'E1',
    name: 'where it is graded none, subscribe fails with UNSUPPORTED',
    when: whenNone('E1'),
    async run(t) {
      await t.rejects(
        t.broker.topic(t.name('none')).subscribe(() => {}),
        'UNSUPPORTED',
      )
    },
  },
]
