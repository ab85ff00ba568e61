import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'L2',
  name: 'a message expires an hour after its time',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner) =>
        override(inner, {
          send: (batch, signal) =>
            inner.send(
              batch.map((message) =>
                message.expiresAt === undefined ? message : { ...message, expiresAt: message.expiresAt + 3_600_000 },
              ),
              signal,
            ),
        }),
    }),
}
