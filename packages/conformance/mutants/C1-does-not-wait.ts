import { override } from '@anybroker/testkit'
import type { Queue, QueueOptions } from 'anybroker'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'C1',
  name: 'close does not wait for handlers',
  wrapBroker: (broker) =>
    override(broker, {
      queue: <T>(name: string, options?: QueueOptions<T>): Queue<T> => {
        const queue = broker.queue<T>(name, options)
        return override(queue, {
          consume: async (handler, asked) => {
            const worker = await queue.consume(handler, asked)
            return override(worker, { close: () => worker.close({ drainMs: 0 }) })
          },
        })
      },
    }),
}
