import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'S5',
  name: 'closing a consumer unsubscribes',
  wrap: (driver) =>
    wrapDriver(driver, {
      connection: (inner) =>
        override(inner, {
          openReceiver: async (source, options, abort) => {
            const receiver = await inner.openReceiver(source, options, abort)
            return override(receiver, {
              close: async (signal) => {
                await receiver.close(signal)
                if (source.kind === 'subscription') await inner.topology.delete(source, signal)
              },
            })
          },
        }),
    }),
}
