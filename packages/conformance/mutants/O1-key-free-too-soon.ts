import type { Mutant } from './mutant.ts'
import { seeing } from './kit/seen-deliveries.ts'

export const mutant: Mutant = {
  clause: 'O1',
  name: 'the next of a key begins while the one before it still runs',
  wrapBroker: (broker) =>
    seeing(broker, {
      handler: (inner) => (delivery) => {
        Promise.resolve(inner(delivery)).catch(() => {})
      },
    }),
}
