import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'A6',
  name: 'graded none, list answers with nothing instead of UNSUPPORTED',
  wrap: (driver) =>
    wrapDriver(driver, { capabilities: (graded) => ({ ...graded, A6: { grade: 'none', proof: 'engine' } }) }),
  wrapBroker: (broker) => override(broker, { list: async () => [] }),
}
