import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Case, Context } from '../case.ts'
import { numbers } from './kit/samples.ts'
import { whenAll, whenNone } from '../when.ts'

/** Longer than that nobody waits for the remains of a crash. */
const LONGEST_WAIT_MS = 90_000

/** From at once to late, in turns of the event loop and in time: somewhere among them it is half done. */
const MOMENTS: readonly (() => Promise<unknown>)[] = [
  ...[0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30].map((turns) => async () => {
    for (const _ of numbers(turns)) await Promise.resolve()
  }),
  ...[1, 3, 10, 30].map((ms) => () => sleep(ms)),
]

async function onTheBroker(t: Context): Promise<readonly string[]> {
  const { entities } = t.harness
  assert.ok(entities)
  return (await entities()).toSorted()
}

async function untilAsBefore(t: Context, before: readonly string[], withinMs?: number): Promise<void> {
  let now = before
  try {
    await t.until(
      'the broker is as it was',
      async () => {
        now = await onTheBroker(t)
        return now.join('\n') === before.join('\n')
      },
      withinMs,
    )
  } catch {
    assert.deepEqual(now, before, 'something is left on the broker')
  }
}

export const cases: readonly Case[] = [
  {
    clause: 'E2',
    name: 'after close nothing of it is left on the broker',
    needs: ['entities'],
    async run(t) {
      const topic = t.broker.topic<number>(t.name('closed'))
      await topic.open()
      const before = await onTheBroker(t)
      const inbox = t.inbox<number>()
      const workers = await Promise.all(numbers(3).map(() => topic.subscribe(inbox.handler)))
      const during = await onTheBroker(t)
      assert.ok(during.length > before.length, 'the harness does not see ephemeral subscriptions: it can prove nothing')
      await topic.publish(1)
      await inbox.count(3)
      for (const worker of workers) await worker.close()
      await untilAsBefore(t, before)
    },
  },
  {
    clause: 'E2',
    name: 'nor after a close with a backlog and a handler that still runs',
    needs: ['entities'],
    async run(t) {
      const broker = await t.connect()
      const topic = broker.topic<number>(t.name('backlog'))
      await topic.open()
      const before = await onTheBroker(t)
      const inbox = t.inbox<number>(
        ({ signal }) =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
      )
      await topic.subscribe(inbox.handler)
      await topic.publishAll(numbers(50).map((body) => ({ body })))
      await inbox.count(1)
      await broker.close({ drainMs: 0 })
      await untilAsBefore(t, before)
    },
  },
  {
    clause: 'E2',
    name: 'nor after a subscribe that was aborted half way',
    needs: ['entities'],
    async run(t) {
      const topic = t.broker.topic<number>(t.name('aborted'))
      await topic.open()
      const before = await onTheBroker(t)
      for (const moment of MOMENTS) {
        const abort = new AbortController()
        const subscribing = topic.subscribe(() => {}, { signal: abort.signal })
        await moment()
        abort.abort(new Error('changed my mind'))
        const [outcome] = await t.within(Promise.allSettled([subscribing]), 'an aborted subscribe')
        // Too late to be aborted: from then on the signal closes it.
        if (outcome.status === 'fulfilled') await t.within(outcome.value.done, 'its close')
      }
      await untilAsBefore(t, before)
    },
  },
  {
    clause: 'E2',
    name: 'nor, within the stated time, after its process was killed',
    needs: ['entities', 'spawn'],
    timeoutMs: LONGEST_WAIT_MS + 60_000,
    when: (t) => {
      const { maxMs = 0 } = t.capabilities.E2
      if (maxMs > LONGEST_WAIT_MS) return `the stated time, ${maxMs} ms, is too long to wait for`
      return whenAll('E2')(t)
    },
    async run(t) {
      const topic = t.broker.topic<number>(t.name('killed'))
      await topic.open()
      const before = await onTheBroker(t)
      const victim = await t.harness.spawn?.({ source: { topic: topic.name }, handler: 'hang' })
      assert.ok(victim)
      t.after(() => victim.kill())
      await t.until(
        'the victim sees what is published',
        async () => {
          await topic.publish(1)
          return (await victim.received()).length > 0
        },
        30_000,
      )
      await victim.kill()
      await untilAsBefore(t, before, (t.capabilities.E2.maxMs ?? 0) + 30_000)
    },
  },
  {
    clause: 'E2',
    name: 'where it is graded none, subscribe fails with UNSUPPORTED',
    when: whenNone('E2'),
    async run(t) {
      await t.rejects(
        t.broker.topic(t.name('none')).subscribe(() => {}),
        'UNSUPPORTED',
      )
    },
  },
]
