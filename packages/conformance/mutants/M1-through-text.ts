import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'M1',
  name: 'the body goes through a string',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner) =>
        override(inner, {
          send: (batch, signal) =>
            inner.send(
              batch.map((message) => ({
                ...message,
                body: new TextEncoder().encode(new TextDecoder().decode(message.body)),
              })),
              signal,
            ),
        }),
    }),
}
