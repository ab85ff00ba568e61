import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'D6',
  name: 'a stale receipt is honoured: no word of leases or losses, and every settle is ok',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          receive: async (max, options) => {
            const taken = await inner.receive(max, options)
            return taken.map((delivery) => override(delivery, { leaseUntil: undefined }))
          },
          extend: undefined,
          onLost: () => {},
          settle: async (batch, signal) => {
            await inner.settle(batch, signal)
            return batch.map(() => ({ as: 'ok' }))
          },
        }),
    }),
}
