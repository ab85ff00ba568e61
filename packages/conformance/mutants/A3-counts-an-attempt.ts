import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'A3',
  name: 'a look counts as a delivery',
  wrap: (driver) => {
    const looks = new Map<string, number>()
    return wrapDriver(driver, {
      admin: (inner) =>
        override(inner, {
          peek: async (ref, max, signal) => {
            const shown = (await inner.peek?.(ref, max, signal)) ?? []
            for (const { id } of shown) looks.set(id, (looks.get(id) ?? 0) + 1)
            return shown
          },
        }),
      receiver: (inner) =>
        override(inner, {
          receive: async (max, options) => {
            const taken = await inner.receive(max, options)
            return taken.map((delivery) => {
              const attempt = delivery.attempt + (looks.get(delivery.message.id) ?? 0)
              return { ...delivery, attempt, redelivered: attempt > 1 }
            })
          },
        }),
    })
  },
}
