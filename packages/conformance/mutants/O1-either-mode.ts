import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'O1',
  name: 'an entity of the other mode is taken for the same',
  wrap: (driver) =>
    wrapDriver(driver, {
      topology: (inner) =>
        override(inner, {
          ensure: async (ref, settings, signal) => {
            const found = await inner.ensure(ref, settings, signal)
            return found.as === 'differs' ? { as: 'same' } : found
          },
        }),
    }),
}
