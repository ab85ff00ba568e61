import type { Driver, WireDelivery } from '@anybroker/driver'
import { memory } from '@anybroker/memory'
import { override, wrapDriver } from '@anybroker/testkit'
import { expect, test } from 'vitest'
import { connect } from '../connect.ts'

/** A broker that counts every take, and says that all of these were taken before. */
function counting(credits: number[], attempt: number): Driver {
  return wrapDriver(memory(), {
    capabilities: (inner) => ({
      ...inner,
      D3: { grade: 'native', proof: 'engine', attempt: 'ceiling', slack: 10 },
    }),
    connection: (inner) =>
      override(inner, {
        openReceiver: async (source, options, signal) => {
          credits.push(options.maxUnsettled)
          const receiver = await inner.openReceiver(source, options, signal)
          return override(receiver, {
            receive: async (max, given) =>
              (await receiver.receive(max, given)).map((one): WireDelivery => ({ ...one, attempt })),
            resize: async (maxUnsettled) => {
              credits.push(maxUnsettled)
              await receiver.resize(maxUnsettled)
            },
          })
        },
      }),
  })
}

async function begun(attempt: number): Promise<{ readonly credits: readonly number[]; readonly running: number }> {
  const credits: number[] = []
  await using broker = await connect(counting(credits, attempt), { drainMs: 0, log: false })
  const queue = broker.queue<number>('orders')
  await queue.sendAll([1, 2, 3, 4].map((body) => ({ body })))
  await using worker = await queue.consume(
    ({ signal }) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
    { concurrency: 4, maxUnsettled: 20 },
  )
  await new Promise((resolve) => setTimeout(resolve, 300))
  return { credits, running: worker.stats.running }
}

test('with a ceiling, what was taken before runs with nothing fetched beside it, so that a crash counts it alone', async () => {
  expect(await begun(2)).toEqual({ credits: [1], running: 1 })
})

test('the first message that nobody has taken before opens the whole window', async () => {
  expect(await begun(1)).toEqual({ credits: [1, 20], running: 4 })
})
