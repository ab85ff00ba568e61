import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'E1',
  name: 'ephemeral subscriptions of one topic share one backlog',
  wrap: (driver) => {
    const first = new Map<string, string>()
    return wrapDriver(driver, {
      connection: (inner) =>
        override(inner, {
          openReceiver: (source, options, signal) => {
            if (source.kind !== 'subscription' || source.durability !== 'ephemeral')
              return inner.openReceiver(source, options, signal)
            const name = first.get(source.topic) ?? source.name
            first.set(source.topic, name)
            return inner.openReceiver({ ...source, name }, options, signal)
          },
        }),
    })
  },
}
