import { override } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'
import { seeing } from './kit/seen-deliveries.ts'

export const mutant: Mutant = {
  clause: 'D5',
  name: 'ack returns another promise each time',
  wrapBroker: (broker) =>
    seeing(broker, { delivery: (inner) => override(inner, { ack: () => inner.ack().then(() => {}) }) }),
}
