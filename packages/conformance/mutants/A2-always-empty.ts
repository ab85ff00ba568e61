import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'A2',
  name: 'the depth is 0, whatever waits',
  wrap: (driver) => wrapDriver(driver, { admin: (inner) => override(inner, { depth: async () => ({ ready: 0 }) }) }),
}
