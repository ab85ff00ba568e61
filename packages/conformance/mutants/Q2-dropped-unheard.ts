import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'Q2',
  name: 'what is sent while no consumer exists is confirmed and dropped',
  wrap: (driver) => {
    const consumers = new Map<string, number>()
    return wrapDriver(driver, {
      sender: (inner, target) =>
        override(inner, {
          send: async (batch, signal) => {
            if (target.kind !== 'queue' || (consumers.get(target.name) ?? 0) > 0) return inner.send(batch, signal)
            return batch.map(() => ({ as: 'confirmed', evidence: 'dropped' }))
          },
        }),
      receiver: (inner, source) => {
        if (source.kind !== 'queue') return inner
        const { name } = source
        consumers.set(name, (consumers.get(name) ?? 0) + 1)
        return override(inner, {
          close: (signal) => {
            consumers.set(name, (consumers.get(name) ?? 1) - 1)
            return inner.close(signal)
          },
        })
      },
    })
  },
}
