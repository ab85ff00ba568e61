import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'R1',
  name: 'seek goes to the start, whatever time it is given',
  wrap: (driver) =>
    wrapDriver(driver, {
      admin: (inner) => override(inner, { seek: async (ref, _to, signal) => inner.seek?.(ref, 'start', signal) }),
    }),
}
