import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'A6',
  name: 'list leaves the subscriptions out',
  wrap: (driver) =>
    wrapDriver(driver, {
      topology: (inner) =>
        override(inner, {
          list: async (signal) => ((await inner.list?.(signal)) ?? []).filter(({ kind }) => kind !== 'subscription'),
        }),
    }),
}
