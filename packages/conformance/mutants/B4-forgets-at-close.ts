import { override } from '@anybroker/testkit'
import type { Queue, QueueOptions, SendOptions } from 'anybroker'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'B4',
  name: 'what is buffered is forgotten at close',
  wrapBroker: (broker) => {
    const later = new Set<NodeJS.Timeout>()
    return override(broker, {
      queue: <T>(name: string, options?: QueueOptions<T>): Queue<T> => {
        const queue = broker.queue<T>(name, options)
        return override(queue, {
          send: (body: T, asked: SendOptions = {}) => {
            if (asked.until !== 'buffered') return queue.send(body, asked)
            later.add(setTimeout(() => void queue.send(body, asked).catch(() => {}), 200))
            return Promise.resolve({ id: asked.id ?? 'buffered', evidence: 'buffered' })
          },
        })
      },
      close: (options) => {
        for (const timer of later) clearTimeout(timer)
        return broker.close(options)
      },
    })
  },
}
