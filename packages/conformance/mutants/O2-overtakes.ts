import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'O2',
  name: 'a retried message goes to the tail, and its key past it',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          settle: (batch, signal) =>
            inner.settle(
              batch.map((each) => (each.as === 'retry' ? { ...each, order: 'overtake' } : each)),
              signal,
            ),
        }),
    }),
}
