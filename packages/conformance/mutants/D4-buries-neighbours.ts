import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'D4',
  name: 'each crash is counted for far more than the slack that it states',
  wrap: (driver) =>
    wrapDriver(driver, {
      capabilities: (inner) => ({ ...inner, D3: { ...inner.D3, attempt: 'ceiling', slack: 2 } }),
      receiver: (inner, source) => {
        if (source.kind !== 'queue') return inner
        return override(inner, {
          receive: async (max, options) =>
            (await inner.receive(max, options)).map((delivery) => ({ ...delivery, attempt: delivery.attempt * 5 - 4 })),
        })
      },
    }),
}
