import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'B1',
  name: 'ten times the credit is handed out',
  wrap: (driver) =>
    wrapDriver(driver, {
      connection: (connection) =>
        override(connection, {
          openReceiver: async (source, options, abort) => {
            const wide = { ...options, maxUnsettled: options.maxUnsettled * 10 }
            const inner = await connection.openReceiver(source, wide, abort)
            return override(inner, { receive: (max, wait) => inner.receive(max * 10, wait) })
          },
        }),
    }),
}
