import { BrokerError, type Ref } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'A5',
  name: 'a connection finds only what it was asked to create',
  wrap: (driver) =>
    wrapDriver(driver, {
      connection: (inner) => {
        const known = new Set<string>()
        const find = (ref: Ref) => {
          if ((ref.kind === 'queue' || ref.kind === 'topic') && !known.has(ref.name))
            throw new BrokerError('NOT_FOUND', `opening ${ref.kind} ${ref.name}: it is not in the cache`)
        }
        return override(inner, {
          topology: override(inner.topology, {
            ensure: (ref, settings, signal) => {
              known.add(ref.name)
              return inner.topology.ensure(ref, settings, signal)
            },
          }),
          openSender: async (target, signal) => {
            find(target)
            return inner.openSender(target, signal)
          },
          openReceiver: async (source, options, signal) => {
            find(source)
            return inner.openReceiver(source, options, signal)
          },
        })
      },
    }),
}
