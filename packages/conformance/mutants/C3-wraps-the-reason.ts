import { override } from '@anybroker/testkit'
import { BrokerError, type Queue, type QueueOptions, type SendOptions } from 'anybroker'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'C3',
  name: 'an aborted send rejects with an error of ours instead of the reason',
  wrapBroker: (broker) =>
    override(broker, {
      queue: <T>(name: string, options?: QueueOptions<T>): Queue<T> => {
        const queue = broker.queue<T>(name, options)
        return override(queue, {
          send: (body: T, asked: SendOptions = {}) =>
            queue.send(body, asked).catch((error: unknown) => {
              throw asked.signal?.aborted ? new BrokerError('TIMEOUT', 'aborted', { cause: error }) : error
            }),
        })
      },
    }),
}
