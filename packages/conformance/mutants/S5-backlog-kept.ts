import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'S5',
  name: 'the backlog is kept after unsubscribe',
  wrap: (driver) =>
    wrapDriver(driver, {
      topology: (inner) =>
        override(inner, {
          delete: async (ref, signal) => (ref.kind === 'subscription' ? true : inner.delete(ref, signal)),
        }),
    }),
}
