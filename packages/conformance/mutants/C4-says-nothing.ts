import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'C4',
  name: 'a connection that died does not say so',
  wrap: (driver) => wrapDriver(driver, { connection: (inner) => override(inner, { onState: () => {} }) }),
}
