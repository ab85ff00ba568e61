import { override } from '@anybroker/testkit'
import type { Queue, QueueOptions, SendOptions } from 'anybroker'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'C3',
  name: 'a send leaves its listener on the signal',
  wrapBroker: (broker) =>
    override(broker, {
      queue: <T>(name: string, options?: QueueOptions<T>): Queue<T> => {
        const queue = broker.queue<T>(name, options)
        return override(queue, {
          send: (body: T, asked: SendOptions = {}) => {
            asked.signal?.addEventListener('abort', () => {})
            return queue.send(body, asked)
          },
        })
      },
    }),
}
