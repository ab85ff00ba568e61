import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'M3',
  name: 'sentAt is cut to seconds, as AMQP timestamps are',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner) =>
        override(inner, {
          send: (batch, signal) =>
            inner.send(
              batch.map((message) => ({ ...message, sentAt: Math.floor(message.sentAt / 1_000) * 1_000 })),
              signal,
            ),
        }),
    }),
}
