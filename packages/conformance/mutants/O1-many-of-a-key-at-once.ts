import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'O1',
  name: 'keys are told apart by their spelling, and spelled differently each time',
  wrap: (driver) => {
    let received = 0
    return wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          receive: async (max, options) => {
            const taken = await inner.receive(max, options)
            return taken.map((delivery) => {
              const { key } = delivery.message
              if (key === undefined) return delivery
              received += 1
              return { ...delivery, message: { ...delivery.message, key: `${key}#${received}` } }
            })
          },
        }),
    })
  },
}
