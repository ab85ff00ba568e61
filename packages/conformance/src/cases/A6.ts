import assert from 'node:assert/strict'
import type { EntityRef } from '@anybroker/driver'
import type { Case, Context } from '../case.ts'
import { whenAll, whenNone } from '../when.ts'

/** As one word, `topic/subscription` for a subscription, of those whose name begins so: other cases list beside this one. */
async function listed(t: Context, begin: string): Promise<readonly string[]> {
  const all = await t.broker.list()
  return all
    .map(spelled)
    .filter((each) => each.includes(begin))
    .toSorted()
}

/** That these are listed and nothing else, as soon as the broker lists what it has made or deleted. */
async function lists(t: Context, begin: string, expected: readonly string[]): Promise<void> {
  let last: readonly string[] = []
  const look = async () => {
    last = await listed(t, begin)
    return last.join('\n') === expected.join('\n')
  }
  await t.until('the list is right', look).catch((error: unknown) => {
    throw new Error(`listed at last: ${last.join(', ')}; expected: ${expected.join(', ')}`, { cause: error })
  })
}

function spelled(ref: EntityRef): string {
  return ref.kind === 'subscription' ? `subscription ${ref.topic}/${ref.name}` : `${ref.kind} ${ref.name}`
}

export const cases: readonly Case[] = [
  {
    clause: 'A6',
    name: 'lists queues, topics and durable subscriptions, whoever created them, and nothing of ours beside',
    async run(t) {
      const name = t.name('list')
      const elsewhere = await t.connect()
      const queue = elsewhere.queue<string>(name)
      const worker = await queue.consume((delivery) => delivery.reject())
      // A dead-letter queue, a lane for delays and an ephemeral subscription come into being, and stay unseen.
      await queue.send('dies')
      await t.until('it is dead', () => worker.stats.deadLettered >= 1)
      const topic = elsewhere.topic<string>(name)
      await topic.durableSubscription('billing')
      if (t.capabilities.E1.grade !== 'none') await topic.subscribe(() => {})
      await t.broker.topic(`${name}-b`).open()
      await lists(t, name, [`queue ${name}`, `subscription ${name}/billing`, `topic ${name}`, `topic ${name}-b`])
    },
  },
  {
    clause: 'A6',
    name: 'what was deleted or unsubscribed is listed no more',
    async run(t) {
      const name = t.name('gone')
      const queue = t.broker.queue(name)
      await queue.open()
      const topic = t.broker.topic(name)
      const subscription = await topic.durableSubscription('billing')
      await topic.durableSubscription('audit')
      await subscription.unsubscribe()
      await queue.delete()
      await lists(t, name, [`subscription ${name}/audit`, `topic ${name}`])
      await topic.delete()
      await lists(t, name, [])
    },
  },
  {
    clause: 'A6',
    name: 'names come back as they were given, however the broker spells them',
    async run(t) {
      const name = t.name('Aa_b--C-_d')
      const long = `${name}-${'x_-Y'.repeat(16)}`
        .slice(0, 63)
        .replace(/[-_]+$/, '')
        .concat('9')
      await t.broker.queue(name).open()
      await t.broker.queue(long).open()
      await t.broker.topic(name).durableSubscription('E__f-G')
      await lists(
        t,
        name,
        [`queue ${name}`, `queue ${long}`, `subscription ${name}/E__f-G`, `topic ${name}`].toSorted(),
      )
    },
  },
  {
    clause: 'A6',
    name: 'says which of them are ordered',
    when: whenAll('A6', 'O1'),
    async run(t) {
      const name = t.name('ordered')
      await t.broker.queue(name, { ordering: 'key' }).open()
      await t.broker.topic(name, { ordering: 'key' }).durableSubscription('billing')
      await t.broker.queue(`${name}-not`).open()
      await lists(t, name, [`queue ${name}`, `queue ${name}-not`, `subscription ${name}/billing`, `topic ${name}`])
      const found = (await t.broker.list()).filter((ref) => spelled(ref).includes(name))
      assert.deepEqual(
        found.map((ref) => `${spelled(ref)}: ${ref.ordering}`).toSorted(),
        [
          `queue ${name}-not: none`,
          `queue ${name}: key`,
          `subscription ${name}/billing: key`,
          `topic ${name}: key`,
        ].toSorted(),
      )
    },
  },
  {
    clause: 'A6',
    name: 'where it is graded none, list fails with UNSUPPORTED',
    when: whenNone('A6'),
    async run(t) {
      await t.rejects(t.broker.list(), 'UNSUPPORTED')
    },
  },
]
