import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'D3',
  name: 'every delivery is the first attempt',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          receive: async (max, options) => {
            const taken = await inner.receive(max, options)
            return taken.map((delivery) => ({ ...delivery, attempt: 1 }))
          },
        }),
    }),
}
