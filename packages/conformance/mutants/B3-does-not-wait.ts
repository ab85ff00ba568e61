import { override } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'B3',
  name: 'a full broker is an error at once',
  wrap: (driver) =>
    override(driver, { describeError: (error) => ({ ...driver.describeError(error), retryable: false }) }),
}
