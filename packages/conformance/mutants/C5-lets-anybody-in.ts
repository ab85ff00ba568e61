import { memory } from '@anybroker/memory'
import { override } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'C5',
  name: 'a refused connection is replaced by one that works',
  wrap: (driver) =>
    override(driver, {
      connect: (runtime, signal) => driver.connect(runtime, signal).catch(() => memory().connect(runtime, signal)),
    }),
}
