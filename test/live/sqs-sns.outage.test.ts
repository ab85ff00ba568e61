import { setTimeout as sleep } from 'node:timers/promises'
import { sqsSns } from '@anybroker/sqs-sns'
import { connect } from 'anybroker'
import { describe, expect, test } from 'vitest'
import { up, urlVariable } from '../brokers/brokers.ts'
import { asAws } from './sqs-sns.environment.ts'

const url = process.env[urlVariable('fauxqs')] ?? ''
const shared = url === '' ? undefined : await up('fauxqs')

/** Longer than a request waits for its answer. */
const FROZEN_MS = 22_000

describe.skipIf(shared === undefined || shared.origin === 'url')('a service that answers nobody for a while', () => {
  test('costs no message: sends wait, what is in hand is settled, consumers go on', { timeout: 60_000 }, async () => {
    const own = await up('fauxqs', { for: 'own' })
    const events: string[] = []
    try {
      await using broker = await asAws(own.url, () => connect(sqsSns({ namespace: 'outage', readyMs: 0 })))
      for (const name of ['disconnected', 'connected', 'failed', 'lost', 'blocked', 'unblocked'] as const)
        broker.on(name, () => events.push(name))
      const queue = broker.queue<number>('outage')
      const seen = new Set<number>()
      const worker = await queue.consume(async ({ body }) => {
        seen.add(body)
        if (body === 0) await sleep(2_000)
      })
      await queue.send(0)
      await expect.poll(() => seen.has(0)).toBe(true)

      await own.freeze()
      const sends = Array.from({ length: 50 }, (_, index) => queue.send(index + 1, { timeoutMs: 40_000 }))
      const all = Promise.all(sends)
      await sleep(FROZEN_MS)
      await own.thaw()

      await all
      await expect.poll(() => seen.size, { timeout: 20_000 }).toBe(51)
      await expect.poll(async () => (await queue.depth()).ready, { timeout: 5_000 }).toBe(0)
      expect(worker.stats.deadLettered).toBe(0)
      expect(events).toEqual(['blocked', 'unblocked'])
    } finally {
      await own.down()
    }
  })
})
