import { writeFileSync } from 'node:fs'
import { sqsSns } from '@anybroker/sqs-sns'
import { connect, type Broker } from 'anybroker'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { urlVariable } from '../brokers/brokers.ts'
import { asAws } from './sqs-sns.environment.ts'
import { proxyTo, type Proxy } from './sqs-sns.proxy.ts'

const engine = process.env[urlVariable('fauxqs')] ?? ''
const namespace = `r${process.pid}`
const COUNT = 1_000

/** What docs/drivers/sqs-sns.md tells, per 1,000 messages; the naive way takes 3,000. `ANYBROKER_REQUESTS_OUT` writes it down. */
const measured: Record<string, Readonly<Record<string, number>>> = {}

describe.skipIf(engine === '')('requests per 1,000 messages', () => {
  let proxy: Proxy
  let broker: Broker
  beforeAll(async () => {
    proxy = await proxyTo(engine)
  })
  afterAll(async () => {
    await proxy.close()
    const out = process.env['ANYBROKER_REQUESTS_OUT']
    if (out !== undefined) writeFileSync(out, JSON.stringify(measured, undefined, 2))
  })
  beforeEach(async () => {
    broker = await asAws(proxy.url, () => connect(sqsSns({ namespace, readyMs: 0 })))
  })
  afterEach(() => broker.close())

  const take = (what: string): number => {
    measured[what] = Object.fromEntries([...proxy.counts].toSorted(([one], [other]) => (one < other ? -1 : 1)))
    const all = [...proxy.counts.values()].reduce((sum, count) => sum + count, 0)
    proxy.reset()
    return all
  }
  const numbers = Array.from({ length: COUNT }, (_, body) => body)

  test('sends of 64 callers, each waiting for its own, then a consumer of concurrency 10', async () => {
    const queue = broker.queue<number>('callers')
    await queue.open()
    proxy.reset()
    const rest = [...numbers]
    const caller = async () => {
      for (let next = rest.pop(); next !== undefined; next = rest.pop()) await queue.send(next)
    }
    await Promise.all(Array.from({ length: 64 }, caller))
    expect(take('send, 64 callers')).toBeLessThanOrEqual(160)
    const worker = await queue.consume(() => undefined, { concurrency: 10 })
    await expect.poll(() => worker.stats.acked, { timeout: 30_000 }).toBe(COUNT)
    await worker.close()
    expect(take('receive and settle, concurrency 10')).toBeLessThanOrEqual(300)
  })

  test('sendAll, then a consumer of concurrency 1 whose handler takes a few milliseconds', async () => {
    const queue = broker.queue<number>('one')
    await queue.open()
    proxy.reset()
    await queue.sendAll(numbers.map((body) => ({ body })))
    expect(take('sendAll')).toBeLessThanOrEqual(102)
    const worker = await queue.consume(() => new Promise((resolve) => setTimeout(resolve, 2)))
    await expect.poll(() => worker.stats.acked, { timeout: 30_000 }).toBe(COUNT)
    await worker.close()
    expect(take('receive and settle, concurrency 1, handlers of 2 ms')).toBeLessThanOrEqual(500)
  })

  test('publishAll', async () => {
    const topic = broker.topic<number>('news')
    await topic.open()
    proxy.reset()
    await topic.publishAll(numbers.map((body) => ({ body })))
    expect(take('publishAll')).toBeLessThanOrEqual(102)
  })

  test('idle consumers take no socket from a send', async () => {
    const consumers = Array.from({ length: 150 }, () => broker.queue<number>('many').consume(() => undefined))
    await Promise.all(consumers)
    const other = broker.queue<number>('other')
    await other.open()
    const began = performance.now()
    await Promise.all(numbers.slice(0, 100).map((body) => other.send(body)))
    expect(performance.now() - began).toBeLessThan(3_000)
    take('150 idle consumers')
  })

  test('a minute of nothing would be ten polls: what waits doubles its patience', async () => {
    const queue = broker.queue<number>('idle')
    await queue.open()
    const worker = await queue.consume(() => undefined)
    proxy.reset()
    await new Promise((resolve) => setTimeout(resolve, 8_000))
    // After 1, 2 and 4 seconds the next one takes 8, then 16, then 20.
    expect(proxy.counts.get('ReceiveMessage')).toBeLessThanOrEqual(4)
    expect(take('8 s of nothing')).toBeLessThanOrEqual(4)
    await worker.close()
  })
})
