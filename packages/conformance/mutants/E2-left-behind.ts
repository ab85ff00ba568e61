import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'E2',
  name: 'an ephemeral subscription stays on the broker after its close',
  wrap: (driver) =>
    wrapDriver(driver, {
      topology: (inner) =>
        override(inner, {
          delete: async (ref, signal) =>
            ref.kind === 'subscription' && ref.durability === 'ephemeral' ? true : inner.delete(ref, signal),
        }),
    }),
}
