import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'D4',
  name: 'a retry counts for nothing, so that nothing ever dies',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          settle: (batch, signal) =>
            inner.settle(
              batch.map((each) => (each.as === 'retry' ? { ...each, attempts: 0 } : each)),
              signal,
            ),
        }),
    }),
}
