import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'D8',
  name: 'the driver decodes by itself and dies of what it cannot read',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner, source) => {
        if (source.kind === 'dead-letters') return inner
        return override(inner, {
          receive: async (max, options) => {
            const taken = await inner.receive(max, options)
            for (const { message } of taken) JSON.parse(new TextDecoder().decode(message.body))
            return taken
          },
        })
      },
    }),
}
