import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'D4',
  name: 'a dead letter is written twice',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner, target) => {
        if (target.kind !== 'dead-letters') return inner
        return override(inner, {
          send: async (batch, signal) => {
            await inner.send(batch, signal)
            return inner.send(batch, signal)
          },
        })
      },
    }),
}
