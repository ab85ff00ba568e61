import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'S3',
  name: 'what is sent back to one subscription goes to the whole topic',
  wrap: (driver) =>
    wrapDriver(driver, {
      connection: (inner) =>
        override(inner, {
          openSender: (target, signal) => {
            if (target.kind !== 'subscription') return inner.openSender(target, signal)
            return inner.openSender({ kind: 'topic', name: target.topic, ordering: target.ordering }, signal)
          },
        }),
    }),
}
