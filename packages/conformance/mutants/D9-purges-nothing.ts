import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'D9',
  name: 'a purge of dead letters is claimed and not made',
  wrap: (driver) =>
    wrapDriver(driver, {
      admin: (inner) =>
        override(inner, {
          purge: async (ref, signal) => (ref.kind === 'dead-letters' ? undefined : inner.purge?.(ref, signal)),
        }),
    }),
}
