import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'S6',
  name: 'creating a subscription again begins it anew',
  wrap: (driver) =>
    wrapDriver(driver, {
      connection: (inner) =>
        override(inner, {
          topology: override(inner.topology, {
            ensure: async (ref, settings, signal) => {
              const ensured = await inner.topology.ensure(ref, settings, signal)
              if (ref.kind === 'subscription' && ensured.as === 'same') await inner.admin.purge?.(ref, signal)
              return ensured
            },
          }),
        }),
    }),
}
