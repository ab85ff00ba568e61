import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'C1',
  name: 'what is given back unseen has lost an attempt',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          release: (back, signal) =>
            inner.release(
              back.map((each) => ({ ...each, attempts: each.attempts + 1 })),
              signal,
            ),
        }),
    }),
}
