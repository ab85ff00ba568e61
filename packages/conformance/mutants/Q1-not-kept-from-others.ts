import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'Q1',
  name: 'what is in hand is soon handed to others too',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          receive: async (max, options) => {
            const taken = await inner.receive(max, options)
            const back = taken.map(
              ({ receipt }) => ({ receipt, as: 'retry', delayMs: 20, attempts: 0, order: 'block' }) as const,
            )
            await inner.settle(back, options.signal)
            return taken
          },
          settle: async (batch) => batch.map(() => ({ as: 'ok' })),
        }),
    }),
}
