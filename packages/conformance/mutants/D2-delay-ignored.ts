import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'D2',
  name: 'a retry comes at half its delay',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          settle: (batch, signal) =>
            inner.settle(
              batch.map((each) => (each.as === 'retry' ? { ...each, delayMs: Math.floor(each.delayMs / 2) } : each)),
              signal,
            ),
        }),
    }),
}
