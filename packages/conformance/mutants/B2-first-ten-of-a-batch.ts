import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'B2',
  name: 'ten of a batch are stored, and the answer for the first is taken for all',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner) =>
        override(inner, {
          send: async (batch, signal) => {
            const [first] = await inner.send(batch.slice(0, 10), signal)
            return batch.map(() => first ?? { as: 'confirmed', evidence: 'none was sent' })
          },
        }),
    }),
}
