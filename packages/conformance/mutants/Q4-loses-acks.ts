import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'Q4',
  name: 'every third ack is confirmed and never reaches the broker',
  wrap: (driver) => {
    let acks = 0
    return wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          settle: async (batch, signal) => {
            const lost = batch.map(({ as }) => as === 'ack' && (acks += 1) % 3 === 0)
            const outcomes = await inner.settle(
              batch.filter((_, index) => lost[index] !== true),
              signal,
            )
            const rest = outcomes.values()
            return lost.map((gone) => (gone ? { as: 'ok' } : (rest.next().value ?? { as: 'lost' })))
          },
        }),
    })
  },
}
