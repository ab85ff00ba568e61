import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'A2.exact',
  name: 'what is in hand is counted as ready',
  wrap: (driver) =>
    wrapDriver(driver, {
      admin: (inner) =>
        override(inner, {
          depth: async (ref, signal) => {
            const depth = (await inner.depth?.(ref, signal)) ?? { ready: 0 }
            return { ...depth, ready: depth.ready + (depth.inHand ?? 0) }
          },
        }),
    }),
}
