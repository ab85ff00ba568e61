import { override } from '@anybroker/testkit'
import { BrokerError } from 'anybroker'
import type { Mutant } from './mutant.ts'
import { seeing } from './kit/seen-deliveries.ts'

export const mutant: Mutant = {
  clause: 'D6',
  name: 'an ack that came too late resolves all the same',
  wrapBroker: (broker) =>
    seeing(broker, {
      delivery: (inner) =>
        override(inner, {
          ack: () =>
            inner.ack().catch((error: unknown) => {
              if (!(error instanceof BrokerError && error.code === 'LEASE_LOST')) throw error
            }),
        }),
    }),
}
