import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'B3',
  name: 'a full broker confirms, and drops',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner) =>
        override(inner, {
          send: async (batch, signal) => {
            const outcomes = await inner.send(batch, signal)
            return outcomes.map((outcome) =>
              outcome.as === 'refused' ? { as: 'confirmed', evidence: 'dropped' } : outcome,
            )
          },
        }),
    }),
}
