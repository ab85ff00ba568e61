import { override } from '@anybroker/testkit'
import type { Queue, QueueOptions } from 'anybroker'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'C2',
  name: 'a closed consumer can be resized, to no effect',
  wrapBroker: (broker) =>
    override(broker, {
      queue: <T>(name: string, options?: QueueOptions<T>): Queue<T> => {
        const queue = broker.queue<T>(name, options)
        return override(queue, {
          consume: async (handler, asked) => {
            const worker = await queue.consume(handler, asked)
            return override(worker, { resize: () => Promise.resolve() })
          },
        })
      },
    }),
}
