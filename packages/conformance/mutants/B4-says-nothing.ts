import { override } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'B4',
  name: 'nobody is told what became of a buffered send',
  wrapBroker: (broker) =>
    override(broker, { on: (event, listener) => (event === 'sendFailed' ? () => {} : broker.on(event, listener)) }),
}
