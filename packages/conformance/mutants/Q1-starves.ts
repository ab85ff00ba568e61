import { setTimeout as sleep } from 'node:timers/promises'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'Q1',
  name: 'only the first consumer of a queue is served',
  wrap: (driver) => {
    const served = new Set<string>()
    return wrapDriver(driver, {
      receiver: (inner, source) => {
        if (source.kind !== 'queue') return inner
        if (!served.has(source.name)) {
          served.add(source.name)
          return inner
        }
        return override(inner, {
          receive: async (_, { waitMs, signal }) => sleep(waitMs, [], { signal }),
        })
      },
    })
  },
}
