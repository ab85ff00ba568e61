import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'D1',
  name: 'an ack is confirmed and never sent',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          settle: (batch, signal) => {
            if (batch.every(({ as }) => as === 'ack')) return Promise.resolve(batch.map(() => ({ as: 'ok' })))
            return inner.settle(batch, signal)
          },
        }),
    }),
}
