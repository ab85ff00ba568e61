import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'B2',
  name: 'every seventh message is confirmed and dropped',
  wrap: (driver) => {
    let sent = 0
    return wrapDriver(driver, {
      sender: (inner) =>
        override(inner, {
          send: async (batch, signal) => {
            await inner.send(
              batch.filter(() => (sent += 1) % 7 !== 0),
              signal,
            )
            return batch.map((_, n) => ({ as: 'confirmed', evidence: `entry ${n}` }))
          },
        }),
    })
  },
}
