import { override } from '@anybroker/testkit'
import type { Queue, QueueOptions } from 'anybroker'
import type { Mutant } from './mutant.ts'
import { without } from './kit/without.ts'

export const mutant: Mutant = {
  clause: 'R4',
  name: 'a request never gives up',
  wrapBroker: (broker) =>
    override(broker, {
      queue: <T>(name: string, options?: QueueOptions<T>): Queue<T> => {
        const queue = broker.queue<T>(name, options)
        return override(queue, {
          request: (body, asked = {}) => queue.request(body, without(asked, 'timeoutMs')),
        } as Partial<Queue<T>>)
      },
    }),
}
