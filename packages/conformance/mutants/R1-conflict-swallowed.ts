import { BrokerError } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'R1',
  name: 'seek with a consumer elsewhere resolves, and nothing has moved',
  wrap: (driver) =>
    wrapDriver(driver, {
      admin: (inner) =>
        override(inner, {
          seek: async (ref, to, signal) => {
            try {
              await inner.seek?.(ref, to, signal)
            } catch (error) {
              if (!(error instanceof BrokerError) || error.code !== 'CONFLICT') throw error
            }
          },
        }),
    }),
}
