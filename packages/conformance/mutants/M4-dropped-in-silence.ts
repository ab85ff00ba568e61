import { override } from '@anybroker/testkit'
import { BrokerError } from 'anybroker'
import type { Queue, QueueOptions, SendOptions } from 'anybroker'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'M4',
  name: 'what is too large is dropped, and the send says that it is kept',
  wrapBroker: (broker) =>
    override(broker, {
      queue: <T>(name: string, options?: QueueOptions<T>): Queue<T> => {
        const queue = broker.queue<T>(name, options)
        return override(queue, {
          send: (body: T, asked: SendOptions = {}) =>
            queue.send(body, asked).catch((error: unknown) => {
              if (error instanceof BrokerError && error.code === 'MESSAGE_TOO_LARGE')
                return { id: asked.id ?? 'cut', evidence: 'cut' }
              throw error
            }),
        })
      },
    }),
}
