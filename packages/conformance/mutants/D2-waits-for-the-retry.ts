import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'D2',
  name: 'while a message waits for its retry, no other is taken',
  wrap: (driver) => {
    const connect: typeof driver.connect = async (runtime, signal) => {
      const connection = await driver.connect(runtime, signal)
      return override(connection, {
        openReceiver: async (source, options, abort) => {
          const inner = await connection.openReceiver(source, options, abort)
          let until = 0
          return override(inner, {
            receive: async (max, wait) => {
              await runtime.sleep(Math.max(0, until - runtime.now()), wait.signal)
              return inner.receive(max, wait)
            },
            settle: (batch, abortSettle) => {
              for (const each of batch) if (each.as === 'retry') until = Math.max(until, runtime.now() + each.delayMs)
              return inner.settle(batch, abortSettle)
            },
          })
        },
      })
    }
    return override(wrapDriver(driver, {}), { connect })
  },
}
