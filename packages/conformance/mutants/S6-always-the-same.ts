import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'S6',
  name: 'a subscription with other options counts as the same',
  wrap: (driver) =>
    wrapDriver(driver, {
      topology: (inner) =>
        override(inner, {
          ensure: async (ref, settings, signal) => {
            const ensured = await inner.ensure(ref, settings, signal)
            return ensured.as === 'differs' ? { as: 'same' } : ensured
          },
        }),
    }),
}
