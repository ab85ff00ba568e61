import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'O1',
  name: 'a batch is stored in the wrong order',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner) =>
        override(inner, {
          send: async (batch, signal) => (await inner.send(batch.toReversed(), signal)).toReversed(),
        }),
    }),
}
