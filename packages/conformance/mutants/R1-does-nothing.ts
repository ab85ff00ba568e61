import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'R1',
  name: 'seek resolves and does nothing',
  wrap: (driver) => wrapDriver(driver, { admin: (inner) => override(inner, { seek: async () => {} }) }),
}
