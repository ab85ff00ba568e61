import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

const HOUR_MS = 3_600_000

export const mutant: Mutant = {
  clause: 'S2',
  name: 'what waited for an hour is dropped',
  wrap: (driver) => {
    let wallNow = Date.now
    const forgetful = wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          receive: async (max, options) => {
            const taken = await inner.receive(max, options)
            const old = taken.filter(({ message }) => message.sentAt < wallNow() - HOUR_MS)
            await inner.settle(
              old.map(({ receipt }) => ({ receipt, as: 'ack' })),
              options.signal,
            )
            return taken.filter((delivery) => !old.includes(delivery))
          },
        }),
    })
    return override(forgetful, {
      connect: (runtime, signal) => {
        wallNow = () => runtime.wallNow()
        return forgetful.connect(runtime, signal)
      },
    })
  },
}
