import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'A1',
  name: 'delete says that it deleted, and deletes nothing',
  wrap: (driver) => wrapDriver(driver, { topology: (inner) => override(inner, { delete: async () => true }) }),
}
