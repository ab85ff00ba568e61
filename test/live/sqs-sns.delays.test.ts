import { sqsSns } from '@anybroker/sqs-sns'
import { connect, type Broker, type Delivery } from 'anybroker'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { urlVariable } from '../brokers/brokers.ts'
import { asAws } from './sqs-sns.environment.ts'

const DELAY_MS = 1_500

for (const engine of ['fauxqs', 'localstack'] as const) {
  const url = process.env[urlVariable(engine)] ?? ''
  describe.skipIf(url === '')(`a delay of one message, which FIFO has not, on ${engine}`, () => {
    let broker: Broker
    beforeAll(async () => {
      broker = await asAws(url, () => connect(sqsSns({ namespace: `d${process.pid}`, readyMs: 0 })))
    })
    afterAll(() => broker.close())

    const notes = () => {
      const came: { readonly body: string; readonly at: number; readonly attempt: number }[] = []
      const handler = ({ body, attempt }: Delivery<string>) => void came.push({ body, at: performance.now(), attempt })
      return { came, handler, bodies: () => came.map(({ body }) => body) }
    }

    test('a delayed send keeps nobody of its key waiting, is not early, and goes to the tail', async () => {
      const queue = broker.queue<string>('keyed', { ordering: 'key' })
      const { came, handler, bodies } = notes()
      const began = performance.now()
      await queue.send('late', { key: 'k', delayMs: DELAY_MS })
      await queue.send('one', { key: 'k' })
      await queue.send('two', { key: 'k' })
      await using _worker = await queue.consume(handler)
      await expect.poll(bodies, { timeout: 15_000 }).toEqual(['one', 'two', 'late'])
      expect((came.at(-1)?.at ?? 0) - began).toBeGreaterThanOrEqual(DELAY_MS - 2)
      expect(came.at(-1)?.attempt).toBe(1)
      expect(await queue.depth()).toEqual({ ready: 0, inHand: 0, delayed: 0 })
    })

    test('a delayed publish too: each subscription puts it aside by itself', async () => {
      const topic = broker.topic<string>('keyed', { ordering: 'key' })
      const all = [notes(), notes()]
      for (const [index, { handler }] of all.entries())
        await (await topic.durableSubscription(`s${index}`)).consume(handler)
      const began = performance.now()
      await topic.publish('late', { key: 'k', delayMs: DELAY_MS })
      await topic.publish('one', { key: 'k' })
      for (const { came, bodies } of all) {
        await expect.poll(bodies, { timeout: 15_000 }).toEqual(['one', 'late'])
        expect((came.at(-1)?.at ?? 0) - began).toBeGreaterThanOrEqual(DELAY_MS - 2)
      }
    })

    test('who sends and who receives may both be gone meanwhile', async () => {
      const name = 'alone'
      const sender = await asAws(url, () => connect(sqsSns({ namespace: `d${process.pid}`, readyMs: 0 })))
      const first = notes()
      const began = performance.now()
      await sender.queue<string>(name, { ordering: 'key' }).consume(first.handler)
      await sender.queue<string>(name, { ordering: 'key' }).send('late', { key: 'k', delayMs: DELAY_MS + 2_000 })
      await new Promise((resolve) => setTimeout(resolve, 500))
      await sender.close()
      const { came, handler, bodies } = notes()
      await using _worker = await broker.queue<string>(name, { ordering: 'key' }).consume(handler)
      await expect.poll(bodies, { timeout: 15_000 }).toEqual(['late'])
      expect((came[0]?.at ?? 0) - began).toBeGreaterThanOrEqual(DELAY_MS + 2_000 - 2)
      expect(first.bodies()).toEqual([])
    })
  })
}
