import type { Sender } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'Q5',
  name: 'a queue shows the messages of the one that was opened after it',
  wrap: (driver) => {
    let last: Sender | undefined
    return wrapDriver(driver, {
      sender: (inner, target) => {
        if (target.kind !== 'queue') return inner
        const neighbour = last
        last = inner
        return override(inner, {
          send: async (batch, signal) => {
            await neighbour?.send(batch, signal)
            return inner.send(batch, signal)
          },
        })
      },
    })
  },
}
