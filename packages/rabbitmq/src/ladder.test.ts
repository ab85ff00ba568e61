import { expect, test } from 'vitest'
import { LONGEST_DELAY_MS } from './delays.ts'
import { ladderDefinitions, rungOf, RUNGS } from './ladder.ts'

test.each([
  [1, 1],
  [1_000, 1],
  [1_999, 1],
  [2_000, 2],
  [61_000, 32],
  [64_000, 64],
  [LONGEST_DELAY_MS, 4_194_304],
])('%s ms wait on the rung of %s s', (delayMs, seconds) => {
  expect(rungOf(delayMs)).toBe(seconds)
})

test('any delay is over in few rungs', () => {
  for (let delayMs = 1_000; delayMs <= LONGEST_DELAY_MS; delayMs = Math.ceil(delayMs * 1.37)) {
    let hops = 0
    for (let left = delayMs; left >= 1_000; left -= rungOf(left) * 1000) hops += 1
    expect(hops).toBeLessThanOrEqual(RUNGS.length)
  }
})

test('each rung is an exchange and a queue of one name, bound', () => {
  const { exchanges, queues, bindings } = ladderDefinitions('shop', 'v')
  expect([exchanges.length, queues.length, bindings.length]).toEqual([23, 23, 23])
  expect(exchanges[6]).toMatchObject({ name: 'shop.ladder.64', vhost: 'v', type: 'fanout', durable: true })
  expect(queues[6]).toMatchObject({ name: 'shop.ladder.64', durable: true, arguments: { 'x-message-ttl': 64_000 } })
  expect(bindings[6]).toMatchObject({ source: 'shop.ladder.64', destination: 'shop.ladder.64' })
})
