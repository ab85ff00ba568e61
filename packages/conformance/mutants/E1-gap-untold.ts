import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'E1',
  name: 'an ephemeral subscription begins anew after an outage, and says that it is the same',
  wrap: (driver) => {
    const known = new Set<string>()
    return wrapDriver(driver, {
      topology: (inner) =>
        override(inner, {
          ensure: async (ref, settings, signal) => {
            if (ref.kind !== 'subscription' || ref.durability !== 'ephemeral' || !known.has(ref.name)) {
              known.add(ref.name)
              return inner.ensure(ref, settings, signal)
            }
            await inner.delete(ref, signal)
            await inner.ensure(ref, settings, signal)
            return { as: 'same' }
          },
        }),
    })
  },
}
