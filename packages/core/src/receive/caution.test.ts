import { memory } from '@anybroker/memory'
import { override, wrapDriver } from '@anybroker/testkit'
import type { WireDelivery } from '@anybroker/driver'
import { expect, it, onTestFinished, vi } from 'vitest'
import { connect } from '../connect.ts'

/**
 * A memory broker that counts takes, as RabbitMQ does: its receivers tell their credit, and `killed` makes the attempts of all that
 * was taken stand as if its process had died so often.
 */
async function counting(attemptsOf: (delivery: WireDelivery) => number) {
  const credits: number[] = []
  const driver = wrapDriver(memory(), {
    capabilities: (inner) => ({ ...inner, D3: { grade: 'native', proof: 'engine', attempt: 'ceiling', slack: 5 } }),
    connection: (inner) =>
      override(inner, {
        openReceiver: async (source, options, signal) => {
          credits.push(options.maxUnsettled)
          const receiver = await inner.openReceiver(source, options, signal)
          return override(receiver, {
            receive: async (max, how) =>
              (await receiver.receive(max, how)).map((delivery) => ({ ...delivery, attempt: attemptsOf(delivery) })),
            resize: async (credit) => {
              credits.push(credit)
              await receiver.resize(credit)
            },
          })
        },
      }),
  })
  const broker = await connect(driver)
  onTestFinished(() => broker.close())
  return { broker, credits }
}

it('begins with one message and opens up when that is no suspect', async () => {
  const { broker, credits } = await counting(() => 1)
  const queue = broker.queue<number>('orders')
  await queue.sendAll(Array.from({ length: 30 }, (_, body) => ({ body })))
  const seen: number[] = []
  await queue.consume((delivery) => seen.push(delivery.body))
  await vi.waitFor(() => expect(seen).toHaveLength(30))
  expect(credits).toEqual([1, 20])
})

it('holds one at a time while suspects come, and runs each alone', async () => {
  const { broker, credits } = await counting(() => 3)
  const queue = broker.queue<number>('orders', { retry: { maxAttempts: 2 } })
  await queue.sendAll(Array.from({ length: 5 }, (_, body) => ({ body })))
  let most = 0
  const seen: number[] = []
  const worker = await queue.consume(
    async (delivery) => {
      seen.push(delivery.body)
      most = Math.max(most, worker.stats.unsettled)
      await Promise.resolve()
    },
    { concurrency: 4 },
  )
  await vi.waitFor(() => expect(seen).toHaveLength(5))
  expect(most).toBe(1)
  expect(credits).toEqual([1])
})

it('gives the others back when a suspect comes among them', async () => {
  const { broker, credits } = await counting(({ message }) => (message.headers['suspect'] === 'yes' ? 3 : 1))
  const queue = broker.queue<string>('orders', { retry: { maxAttempts: 2 } })
  const send = (body: string, suspect: string) => ({ body, headers: { suspect } })
  await queue.sendAll([send('a', 'no'), send('b', 'no'), send('poison', 'yes'), send('c', 'no'), send('d', 'no')])
  const beside: number[] = []
  const seen: string[] = []
  const worker = await queue.consume(async ({ body }) => {
    seen.push(body)
    await new Promise(setImmediate)
    if (body === 'poison') beside.push(worker.stats.unsettled)
  })
  await vi.waitFor(() => expect(new Set(seen)).toEqual(new Set(['a', 'b', 'poison', 'c', 'd'])))
  expect(beside).toEqual([1])
  expect(credits.slice(0, 3)).toEqual([1, 20, 1])
  expect(credits.at(-1)).toBe(20)
})
