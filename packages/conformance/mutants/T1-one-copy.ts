import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'T1',
  name: 'a message that one subscription took is gone for the others',
  wrap: (driver) => {
    const takenBy = new Map<string, string>()
    return wrapDriver(driver, {
      receiver: (inner, source) => {
        if (source.kind !== 'subscription') return inner
        const mine = ({ message: { id } }: { readonly message: { readonly id: string } }) => {
          if (!takenBy.has(id)) takenBy.set(id, source.name)
          return takenBy.get(id) === source.name
        }
        return override(inner, {
          receive: async (max, options) => {
            const taken = await inner.receive(max, options)
            const others = taken.filter((delivery) => !mine(delivery))
            await inner.settle(
              others.map(({ receipt }) => ({ receipt, as: 'ack' })),
              options.signal,
            )
            return taken.filter(mine)
          },
        })
      },
    })
  },
}
