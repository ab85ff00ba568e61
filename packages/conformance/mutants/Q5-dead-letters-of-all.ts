import type { DeadLettersRef } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'Q5',
  name: 'all queues share the dead letters of the one that had some first',
  wrap: (driver) => {
    let first: DeadLettersRef | undefined
    return wrapDriver(driver, {
      connection: (inner) =>
        override(inner, {
          openSender: (target, signal) => {
            if (target.kind !== 'dead-letters') return inner.openSender(target, signal)
            return inner.openSender((first ??= target), signal)
          },
          openReceiver: (source, options, signal) => {
            if (source.kind !== 'dead-letters') return inner.openReceiver(source, options, signal)
            return inner.openReceiver((first ??= source), options, signal)
          },
        }),
    })
  },
}
