import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'R2',
  name: 'opening a subscription from the earliest again starts it again',
  wrap: (driver) =>
    wrapDriver(driver, {
      connection: (inner) =>
        override(inner, {
          topology: override(inner.topology, {
            ensure: async (ref, settings, signal) => {
              const ensured = await inner.topology.ensure(ref, settings, signal)
              if (ref.kind === 'subscription' && settings.from === 'earliest' && ensured.as === 'same')
                await inner.admin.seek?.(ref, 'start', signal)
              return ensured
            },
          }),
        }),
    }),
}
