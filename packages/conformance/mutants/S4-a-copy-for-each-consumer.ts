import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'S4',
  name: 'the second consumer of a subscription gets copies of its own',
  wrap: (driver) => {
    let consumers = 0
    return wrapDriver(driver, {
      connection: (inner) =>
        override(inner, {
          openReceiver: async (source, options, signal) => {
            if (source.kind !== 'subscription' || (consumers += 1) === 1)
              return inner.openReceiver(source, options, signal)
            const own = { ...source, name: `${source.name}-${consumers}` }
            await inner.topology.ensure(own, {}, signal)
            return inner.openReceiver(own, options, signal)
          },
        }),
    })
  },
}
