import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'S5',
  name: 'unsubscribing a name that is unknown succeeds',
  wrap: (driver) =>
    wrapDriver(driver, {
      topology: (inner) =>
        override(inner, {
          delete: async (ref, signal) => {
            await inner.delete(ref, signal)
            return true
          },
        }),
    }),
}
