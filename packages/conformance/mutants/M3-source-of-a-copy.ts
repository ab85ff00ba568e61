import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'M3',
  name: 'a copy forgets who published the message',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner) =>
        override(inner, {
          send: (batch, signal) =>
            inner.send(
              batch.map(({ source, ...message }) =>
                message.dead === undefined && source !== undefined ? { ...message, source } : message,
              ),
              signal,
            ),
        }),
    }),
}
