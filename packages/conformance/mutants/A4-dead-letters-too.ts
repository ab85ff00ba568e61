import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'A4',
  name: 'purging a queue drops its dead letters, too',
  wrap: (driver) =>
    wrapDriver(driver, {
      admin: (inner) =>
        override(inner, {
          purge: async (ref, signal) => {
            if (ref.kind === 'queue' || ref.kind === 'subscription')
              await inner.purge?.({ kind: 'dead-letters', of: ref }, signal)
            return inner.purge?.(ref, signal)
          },
        }),
    }),
}
