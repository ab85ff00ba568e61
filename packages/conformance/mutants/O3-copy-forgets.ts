import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'O3',
  name: 'the copy at the tail forgets its attempts',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          settle: (batch, signal) =>
            inner.settle(
              batch.map((each) => (each.as === 'retry' && each.order === 'overtake' ? { ...each, attempts: 0 } : each)),
              signal,
            ),
        }),
    }),
}
