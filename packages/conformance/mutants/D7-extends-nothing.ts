import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'D7',
  name: 'a renewal of leases is claimed and not made',
  wrap: (driver) => {
    const connect: typeof driver.connect = async (runtime, signal) => {
      const connection = await driver.connect(runtime, signal)
      return override(connection, {
        openReceiver: async (source, options, abort) => {
          const inner = await connection.openReceiver(source, options, abort)
          return override(inner, {
            extend: async (receipts, leaseMs) =>
              receipts.map(() => ({ as: 'ok', leaseUntil: runtime.now() + leaseMs })),
            onLost: () => {},
          })
        },
      })
    }
    return override(wrapDriver(driver, {}), { connect })
  },
}
