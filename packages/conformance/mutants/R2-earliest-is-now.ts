import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'
import { without } from './kit/without.ts'

export const mutant: Mutant = {
  clause: 'R2',
  name: 'a subscription from the earliest starts now',
  wrap: (driver) =>
    wrapDriver(driver, {
      topology: (inner) =>
        override(inner, { ensure: (ref, settings, signal) => inner.ensure(ref, without(settings, 'from'), signal) }),
    }),
}
