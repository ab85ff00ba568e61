import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'A1',
  name: 'opening what is there deletes and creates it again',
  wrap: (driver) =>
    wrapDriver(driver, {
      topology: (inner) =>
        override(inner, {
          ensure: async (ref, settings, signal) => {
            await inner.delete(ref, signal)
            return inner.ensure(ref, settings, signal)
          },
        }),
    }),
}
