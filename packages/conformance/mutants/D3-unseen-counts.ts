import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'D3',
  name: 'what is given back unseen has used up an attempt',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          release: (back, signal) =>
            inner.release(
              back.map(({ receipt, attempts }) => ({ receipt, attempts: attempts + 1 })),
              signal,
            ),
        }),
    }),
}
