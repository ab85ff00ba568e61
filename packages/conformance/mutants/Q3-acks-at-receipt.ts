import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'Q3',
  name: 'acks before the handler ran',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          receive: async (max, options) => {
            const taken = await inner.receive(max, options)
            await inner.settle(
              taken.map(({ receipt }) => ({ receipt, as: 'ack' })),
              options.signal,
            )
            return taken
          },
          settle: async (batch) => batch.map(() => ({ as: 'ok' })),
          release: async (back) => back.map(() => ({ as: 'ok' })),
        }),
    }),
}
