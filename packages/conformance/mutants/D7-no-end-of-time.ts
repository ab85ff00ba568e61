import type { Mutant } from './mutant.ts'
import { seeing } from './kit/seen-deliveries.ts'

export const mutant: Mutant = {
  clause: 'D7',
  name: 'a handler may run for ever',
  wrapBroker: (broker) => seeing(broker, { consumeOptions: (given) => ({ ...given, maxHandlerMs: 86_400_000 }) }),
}
