import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'D8',
  name: 'poison is dropped instead of kept as a dead letter',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner, target) => {
        if (target.kind !== 'dead-letters') return inner
        return override(inner, {
          send: async (batch, signal) => {
            const kept = batch.filter(({ dead }) => dead?.reason !== 'undecodable' && dead?.reason !== 'invalid')
            await inner.send(kept, signal)
            return batch.map(() => ({ as: 'confirmed', evidence: 'kept' }))
          },
        })
      },
    }),
}
