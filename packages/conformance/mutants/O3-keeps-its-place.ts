import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'O3',
  name: 'a message that should go to the tail keeps its place',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          settle: (batch, signal) =>
            inner.settle(
              batch.map((each) => (each.as === 'retry' ? { ...each, order: 'block' } : each)),
              signal,
            ),
        }),
    }),
}
