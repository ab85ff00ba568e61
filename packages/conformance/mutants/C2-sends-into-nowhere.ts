import { override } from '@anybroker/testkit'
import type { Queue, QueueOptions, SendOptions } from 'anybroker'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'C2',
  name: 'a send after close resolves',
  wrapBroker: (broker) => {
    let closed = false
    return override(broker, {
      queue: <T>(name: string, options?: QueueOptions<T>): Queue<T> => {
        const queue = broker.queue<T>(name, options)
        return override(queue, {
          send: (body: T, asked: SendOptions = {}) =>
            closed ? Promise.resolve({ id: asked.id ?? 'nowhere', evidence: 'none' }) : queue.send(body, asked),
        })
      },
      close: (options) => {
        closed = true
        return broker.close(options)
      },
    })
  },
}
