import { override } from '@anybroker/testkit'
import type { BrokerEvents } from 'anybroker'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'C4',
  name: 'an outage is told twice',
  wrapBroker: (broker) =>
    override(broker, {
      on: <E extends keyof BrokerEvents>(event: E, listener: (facts: BrokerEvents[E]) => void) => {
        const off = broker.on(event, listener)
        if (event !== 'disconnected') return off
        const again = broker.on(event, (facts) => listener(facts))
        return () => {
          off()
          again()
        }
      },
    }),
}
