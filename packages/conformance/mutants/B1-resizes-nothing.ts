import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'B1',
  name: 'the credit stays what it was at first',
  wrap: (driver) => wrapDriver(driver, { receiver: (inner) => override(inner, { resize: () => Promise.resolve() }) }),
}
