import { override } from '@anybroker/testkit'
import type { Queue, QueueOptions } from 'anybroker'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'M7',
  name: 'what JSON can not carry is dropped from the body, and the rest is sent',
  wrapBroker: (broker) =>
    override(broker, {
      queue: <T>(name: string, options?: QueueOptions<T>): Queue<T> => {
        const queue = broker.queue<T>(name, options)
        return override(queue, {
          send: async (body, asked) => queue.send(JSON.parse(JSON.stringify(body) ?? 'null') as T, asked),
        })
      },
    }),
}
