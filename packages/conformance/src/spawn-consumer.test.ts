import { expect, it } from 'vitest'
import { spawnConsumer } from './spawn-consumer.ts'

const CONNECT = new URL('../test/connect-here.ts', import.meta.url)

it.each(['hang', 'ack'] as const)(
  'a consumer in a process of its own tells what it received (%s), until killed',
  async (handler) => {
    const spawned = await spawnConsumer(CONNECT)({ source: { queue: 'waiting' }, handler })
    await expect.poll(() => spawned.received(), { timeout: 10_000 }).toEqual(['the-one'])
    await spawned.kill()
    // Killing what is dead is no error.
    await spawned.kill()
  },
  60_000,
)

it('subscribes, for ever or for as long as it lives', async () => {
  for (const source of [{ topic: 'placed', subscription: 'billing' }, { topic: 'placed' }]) {
    const spawned = await spawnConsumer(CONNECT)({ source, handler: 'ack' })
    expect(await spawned.received()).toEqual([])
    await spawned.kill()
  }
}, 60_000)

it('tells what the process said when it can not consume', async () => {
  const missing = new URL('../test/no-such-module.ts', import.meta.url)
  await expect(spawnConsumer(missing)({ source: { queue: 'waiting' }, handler: 'ack' })).rejects.toThrow(
    'no-such-module',
  )
}, 60_000)
