import { override } from '@anybroker/testkit'
import type { Queue, QueueOptions } from 'anybroker'
import type { Mutant } from './mutant.ts'
import { without } from './kit/without.ts'

export const mutant: Mutant = {
  clause: 'M7',
  name: 'the schema of a queue is never asked',
  wrapBroker: (broker) =>
    override(broker, {
      queue: <T>(name: string, options: QueueOptions<T> = {}): Queue<T> =>
        broker.queue<T>(name, without(options, 'schema')),
    }),
}
