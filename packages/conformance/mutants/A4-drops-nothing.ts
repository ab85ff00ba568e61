import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'A4',
  name: 'purge resolves and drops nothing',
  wrap: (driver) => wrapDriver(driver, { admin: (inner) => override(inner, { purge: async () => 0 }) }),
}
