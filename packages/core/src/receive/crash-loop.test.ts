import { memory } from '@anybroker/memory'
import { override, wrapDriver } from '@anybroker/testkit'
import { expect, it } from 'vitest'
import { connect } from '../connect.ts'
import { deferred } from '../time/deferred.ts'

const SLACK = 4
const maxAttempts = 2

/** A memory broker that counts each time it hands a message out, seen or not, as RabbitMQ does. */
function countsTakes() {
  const takes = new Map<string, number>()
  return wrapDriver(memory(), {
    capabilities: (inner) => ({ ...inner, D3: { grade: 'native', proof: 'engine', attempt: 'ceiling', slack: SLACK } }),
    receiver: (inner, { kind }) => {
      if (kind !== 'queue') return inner
      return override(inner, {
        receive: async (max, how) =>
          (await inner.receive(max, how)).map((delivery) => {
            const attempt = (takes.get(delivery.message.id) ?? 0) + 1
            takes.set(delivery.message.id, attempt)
            return { ...delivery, attempt }
          }),
      })
    },
  })
}

it.each<[string, string[], 'none' | 'key']>([
  ['one that kills', ['a', 'b', 'kills 1', 'c', 'd', 'e'], 'none'],
  ['one that kills, first of all', ['kills 1', 'a', 'b', 'c', 'd'], 'none'],
  ['two that kill, with others between them', ['a', 'kills 1', 'b', 'c', 'kills 2', 'd'], 'none'],
  ['one that kills, of the same key', ['a', 'kills 1', 'b', 'c'], 'key'],
])('%s: no neighbour dies with it', async (_, bodies, ordering) => {
  const driver = countsTakes()
  const guilty = bodies.filter((body) => body.startsWith('kills'))
  const done = new Set<string>()
  const dead = new Map<string, string>()
  for (let crashes = 0; done.size + dead.size < bodies.length; crashes += 1) {
    expect(crashes).toBeLessThanOrEqual((maxAttempts + SLACK + 1) * guilty.length)
    const broker = await connect(driver)
    const queue = broker.queue<string>('orders', { retry: { maxAttempts }, ordering })
    if (crashes === 0)
      await queue.sendAll(bodies.map((body) => ({ body, ...(ordering === 'key' ? { key: 'k' } : {}) })))
    const over = deferred<void>()
    const look = () => {
      if (done.size + dead.size === bodies.length) over.resolve()
    }
    broker.on('deadLettered', ({ id, reason }) => {
      dead.set(id, reason)
      look()
    })
    await queue.consume(
      async ({ body, signal }) => {
        if (!body.startsWith('kills')) {
          done.add(body)
          look()
          return
        }
        over.resolve()
        await new Promise<never>((__, fail) => signal.addEventListener('abort', () => fail(new Error('killed'))))
      },
      { concurrency: 1 },
    )
    await over.promise
    await broker.close({ drainMs: 0 })
  }
  expect([...dead.values()]).toEqual(guilty.map(() => 'crashed'))
  expect([...done].toSorted()).toEqual(bodies.filter((body) => !guilty.includes(body)))
})
