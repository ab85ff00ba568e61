import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'A5',
  name: 'verifying creates what is missing',
  wrap: (driver) =>
    wrapDriver(driver, {
      topology: (inner) => override(inner, { check: (ref, settings, signal) => inner.ensure(ref, settings, signal) }),
    }),
}
