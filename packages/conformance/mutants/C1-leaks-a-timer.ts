import { override } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'C1',
  name: 'a timer is left behind by close',
  wrap: (driver) =>
    override(driver, {
      connect: async (runtime, signal) => {
        const connection = await driver.connect(runtime, signal)
        return override(connection, {
          close: async (by) => {
            await connection.close(by)
            runtime.timer(30_000, () => {})
          },
        })
      },
    }),
}
