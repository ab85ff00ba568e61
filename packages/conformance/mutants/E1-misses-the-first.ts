import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'E1',
  name: 'an ephemeral subscription misses the first message after it was subscribed',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner, source) => {
        if (source.kind !== 'subscription' || source.durability !== 'ephemeral') return inner
        let missed = false
        return override(inner, {
          receive: async (max, options) => {
            const taken = await inner.receive(max, options)
            if (missed || taken.length === 0) return taken
            missed = true
            const [first, ...rest] = taken
            if (first) await inner.settle([{ receipt: first.receipt, as: 'ack' }], options.signal)
            return rest
          },
        })
      },
    }),
}
