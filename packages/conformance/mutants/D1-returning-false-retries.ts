import type { Mutant } from './mutant.ts'
import { seeing } from './kit/seen-deliveries.ts'

export const mutant: Mutant = {
  clause: 'D1',
  name: 'a handler that returns false or an error is taken to have failed',
  wrapBroker: (broker) =>
    seeing(broker, {
      handler: (inner) => async (delivery) => {
        const returned = await inner(delivery)
        if (returned === false || returned instanceof Error) throw new Error('taken for a failure')
      },
    }),
}
