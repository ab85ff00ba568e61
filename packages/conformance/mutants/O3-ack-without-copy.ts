import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'O3',
  name: 'the ack is sent and the copy is not',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          settle: (batch, signal) =>
            inner.settle(
              batch.map((each) =>
                each.as === 'retry' && each.order === 'overtake' ? { receipt: each.receipt, as: 'ack' } : each,
              ),
              signal,
            ),
        }),
    }),
}
