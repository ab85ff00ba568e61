import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'D9',
  name: 'a letter that was acked or redriven stays where it was',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner, source) => {
        if (source.kind !== 'dead-letters') return inner
        return override(inner, { settle: async (batch) => batch.map(() => ({ as: 'ok' })) })
      },
    }),
}
