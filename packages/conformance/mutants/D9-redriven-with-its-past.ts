import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'D9',
  name: 'a redriven letter takes its attempts with it',
  wrap: (driver) => {
    const attempts = new Map<string, number>()
    return wrapDriver(driver, {
      sender: (inner, target) =>
        override(inner, {
          send: (batch, signal) => {
            for (const { id, dead } of batch) if (dead !== undefined) attempts.set(id, dead.attempts)
            if (target.kind === 'dead-letters') return inner.send(batch, signal)
            const sent = batch.map((message) => ({ ...message, carriedAttempts: attempts.get(message.id) ?? 0 }))
            return inner.send(sent, signal)
          },
        }),
    })
  },
}
