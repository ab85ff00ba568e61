import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'A3',
  name: 'what peek shows is gone',
  wrap: (driver) =>
    wrapDriver(driver, {
      admin: (inner) =>
        override(inner, {
          peek: async (ref, max, signal) => {
            const shown = (await inner.peek?.(ref, max, signal)) ?? []
            await inner.purge?.(ref, signal)
            return shown
          },
        }),
    }),
}
