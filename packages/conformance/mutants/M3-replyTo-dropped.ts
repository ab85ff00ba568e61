import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'
import { without } from './kit/without.ts'

export const mutant: Mutant = {
  clause: 'M3',
  name: 'replyTo is lost on the way',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner) =>
        override(inner, {
          send: (batch, signal) =>
            inner.send(
              batch.map((message) => without(message, 'replyTo')),
              signal,
            ),
        }),
    }),
}
