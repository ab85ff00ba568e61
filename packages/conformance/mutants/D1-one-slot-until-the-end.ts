import { override } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'
import { seeing } from './kit/seen-deliveries.ts'

export const mutant: Mutant = {
  clause: 'D1',
  name: 'an ack in a handler is held back until the handler ends',
  wrapBroker: (broker) =>
    seeing(broker, {
      handler: (inner) => async (delivery) => {
        const ended = Promise.withResolvers<void>()
        await inner(override(delivery, { ack: () => ended.promise.then(() => delivery.ack()) }))
        ended.resolve()
      },
    }),
}
