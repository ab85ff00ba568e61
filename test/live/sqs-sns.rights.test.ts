import { readFileSync } from 'node:fs'
import { sqsSns } from '@anybroker/sqs-sns'
import { connect, type Broker, type ConnectOptions } from 'anybroker'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { urlVariable } from '../brokers/brokers.ts'
import { asAws } from './sqs-sns.environment.ts'
import { proxyTo, type Proxy } from './sqs-sns.proxy.ts'

const engine = process.env[urlVariable('fauxqs')] ?? ''
const namespace = `i${process.pid}`
const DOCS = readFileSync(new URL('../../docs/drivers/sqs-sns.md', import.meta.url), 'utf8')

/** The requests that one right of IAM covers. */
const BATCHES: Readonly<Record<string, string>> = {
  SendMessage: 'SendMessageBatch',
  DeleteMessage: 'DeleteMessageBatch',
  ChangeMessageVisibility: 'ChangeMessageVisibilityBatch',
  Publish: 'PublishBatch',
}

/** What the policy under this heading of the docs allows. */
function policyOf(role: string): readonly string[] {
  const json = DOCS.slice(DOCS.indexOf(`\n${role}`)).match(/```json\n([^`]+)```/)?.[1] ?? '[]'
  const statements = JSON.parse(json) as readonly { readonly Action: string | readonly string[] }[]
  const actions = statements.flatMap(({ Action }) => Action).map((action) => action.slice(action.indexOf(':') + 1))
  return actions.flatMap((action) => [action, BATCHES[action] ?? action])
}

describe.skipIf(engine === '')('the policies of the docs are enough', () => {
  let proxy: Proxy
  let owner: Broker
  const open = (options?: ConnectOptions) => asAws(proxy.url, () => connect(sqsSns({ namespace, readyMs: 0 }), options))

  beforeAll(async () => {
    proxy = await proxyTo(engine)
    owner = await open()
    for (const ordering of ['none', 'key'] as const) {
      await owner.queue(`q-${ordering}`, { ordering }).open()
      await owner.topic(`t-${ordering}`, { ordering }).durableSubscription('billing')
    }
  })
  afterAll(async () => {
    proxy.allow()
    await owner.close()
    await proxy.close()
  })

  test('for a publisher', async () => {
    proxy.allow(policyOf('Publisher'))
    await using broker = await open({ provision: 'never' })
    for (const ordering of ['none', 'key'] as const) {
      const key = ordering === 'key' ? { key: 'k' } : {}
      await broker.queue<string>(`q-${ordering}`, { ordering }).send('x', key)
      await broker.topic<string>(`t-${ordering}`, { ordering }).publish('x', key)
    }
    const denied = broker.queue<string>('q-none').consume(() => undefined)
    const [outcome] = await Promise.allSettled([denied.then((worker) => worker.done)])
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'UNAUTHORIZED' } })
  })

  test('for a consumer that acks, retries, buries, counts and redrives', async () => {
    proxy.allow()
    for (const ordering of ['none', 'key'] as const) {
      const queue = owner.queue<string>(`q-${ordering}`, { ordering })
      const topic = owner.topic<string>(`t-${ordering}`, { ordering })
      for (const body of ['acked', 'retried', 'buried']) {
        const key = ordering === 'key' ? { key: body } : {}
        await queue.send(body, key)
        await topic.publish(body, key)
      }
    }
    proxy.allow(policyOf('Consumer'))
    await using broker = await open({ provision: 'never' })
    for (const ordering of ['none', 'key'] as const) {
      const queue = broker.queue<string>(`q-${ordering}`, { ordering })
      const subscription = await broker.topic<string>(`t-${ordering}`, { ordering }).durableSubscription('billing')
      for (const source of [queue, subscription]) {
        const seen: string[] = []
        const worker = await source.consume(async (delivery) => {
          seen.push(delivery.body)
          if (delivery.body === 'retried' && seen.filter((body) => body === 'retried').length === 1)
            await delivery.retry({ delayMs: 1_100 })
          if (delivery.body === 'buried') await delivery.reject()
        })
        await expect.poll(() => seen.filter((body) => body === 'retried').length, { timeout: 10_000 }).toBe(2)
        await expect.poll(() => worker.stats.deadLettered, { timeout: 10_000 }).toBe(1)
        await worker.close()
        expect(await source.deadLetters.count()).toBe(1)
        expect(await source.deadLetters.redrive()).toEqual({ redriven: 1, skipped: 0 })
        expect((await source.depth()).ready).toBe(1)
      }
    }
  })

  test('for a provisioner', async () => {
    proxy.allow(policyOf('Provisioner'))
    await using broker = await open()
    for (const ordering of ['none', 'key'] as const) {
      const queue = broker.queue(`made-${ordering}`, { ordering })
      await queue.open()
      const topic = broker.topic(`made-${ordering}`, { ordering })
      const subscription = await topic.durableSubscription('billing', { filter: { region: 'eu' } })
      expect((await broker.list()).filter(({ name }) => name === `made-${ordering}`)).toHaveLength(2)
      await subscription.unsubscribe()
      await topic.delete()
      await queue.delete()
    }
  })
})
