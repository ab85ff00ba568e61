import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'A2',
  name: 'the depth grows with what is sent, and never shrinks with what is acked',
  wrap: (driver) => {
    const most = new Map<string, number>()
    return wrapDriver(driver, {
      admin: (inner) =>
        override(inner, {
          depth: async (ref, signal) => {
            const depth = (await inner.depth?.(ref, signal)) ?? { ready: 0 }
            const key = JSON.stringify(ref)
            const ready = Math.max(depth.ready, most.get(key) ?? 0)
            most.set(key, ready)
            return { ...depth, ready }
          },
        }),
    })
  },
}
