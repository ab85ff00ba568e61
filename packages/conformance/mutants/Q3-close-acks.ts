import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'Q3',
  name: 'what a closing consumer gives back is acked instead',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          release: (back, signal) =>
            inner.settle(
              back.map(({ receipt }) => ({ receipt, as: 'ack' })),
              signal,
            ),
        }),
    }),
}
