import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'
import { without } from './kit/without.ts'

export const mutant: Mutant = {
  clause: 'L1',
  name: 'a delay is ignored',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner) =>
        override(inner, {
          send: (batch, signal) =>
            inner.send(
              batch.map((message) => without(message, 'deliverAt')),
              signal,
            ),
        }),
    }),
}
