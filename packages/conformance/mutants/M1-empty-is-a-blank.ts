import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'M1',
  name: 'an empty body becomes a blank, as brokers that take none tempt one to do',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner) =>
        override(inner, {
          send: (batch, signal) =>
            inner.send(
              batch.map((message) => (message.body.byteLength > 0 ? message : { ...message, body: Uint8Array.of(32) })),
              signal,
            ),
        }),
    }),
}
