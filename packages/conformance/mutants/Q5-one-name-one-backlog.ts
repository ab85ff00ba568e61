import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'Q5',
  name: 'a subscription that is named like a queue takes from the queue',
  wrap: (driver) => {
    const queues = new Set<string>()
    return wrapDriver(driver, {
      connection: (inner) =>
        override(inner, {
          topology: override(inner.topology, {
            ensure: (ref, settings, signal) => {
              if (ref.kind === 'queue') queues.add(ref.name)
              return inner.topology.ensure(ref, settings, signal)
            },
          }),
          openReceiver: (source, options, signal) => {
            if (source.kind !== 'subscription' || !queues.has(source.name))
              return inner.openReceiver(source, options, signal)
            return inner.openReceiver({ kind: 'queue', name: source.name, ordering: source.ordering }, options, signal)
          },
        }),
    })
  },
}
