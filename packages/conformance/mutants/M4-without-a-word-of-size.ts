import { BrokerError } from '@anybroker/driver'
import { override } from '@anybroker/testkit'
import type { Queue, QueueOptions, SendOptions } from 'anybroker'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'M4',
  name: 'too large, says the error, but neither how large nor whether it is stored',
  wrapBroker: (broker) =>
    override(broker, {
      queue: <T>(name: string, options?: QueueOptions<T>): Queue<T> => {
        const queue = broker.queue<T>(name, options)
        return override(queue, {
          send: (body: T, asked: SendOptions = {}) =>
            queue.send(body, asked).catch((error: unknown) => {
              if (!(error instanceof BrokerError) || error.code !== 'MESSAGE_TOO_LARGE') throw error
              throw new BrokerError('MESSAGE_TOO_LARGE', error.message, { outcome: 'unknown' })
            }),
        })
      },
    }),
}
