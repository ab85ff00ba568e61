import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'T3',
  name: 'a new subscription starts at the earliest message that the topic still has',
  wrap: (driver) =>
    wrapDriver(driver, {
      topology: (inner) =>
        override(inner, {
          ensure: (ref, settings, signal) =>
            inner.ensure(ref, ref.kind === 'subscription' ? { ...settings, from: 'earliest' } : settings, signal),
        }),
    }),
}
