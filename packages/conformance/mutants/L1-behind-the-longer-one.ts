import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'L1',
  name: 'delayed messages wait in one line: a shorter delay behind a longer one is as long',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner) => {
        let latest = 0
        return override(inner, {
          send: (batch, signal) => {
            const inLine = batch.map((message) => {
              if (message.deliverAt === undefined) return message
              latest = Math.max(latest + 1, message.deliverAt)
              return { ...message, deliverAt: latest }
            })
            return inner.send(inLine, signal)
          },
        })
      },
    }),
}
