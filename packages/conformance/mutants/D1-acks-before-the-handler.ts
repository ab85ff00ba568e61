import type { Mutant } from './mutant.ts'
import { seeing } from './kit/seen-deliveries.ts'

export const mutant: Mutant = {
  clause: 'D1',
  name: 'acks before the handler ran',
  wrapBroker: (broker) =>
    seeing(broker, {
      handler: (inner) => async (delivery) => {
        await delivery.ack()
        await inner(delivery)
      },
    }),
}
