import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'O1',
  name: 'what is received at once is handed on in the wrong order',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, { receive: async (max, options) => (await inner.receive(max, options)).toReversed() }),
    }),
}
