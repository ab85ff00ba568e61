import { override } from '@anybroker/testkit'
import type { Broker, ConsumeOptions, Delivery, Handler, Queue, QueueOptions } from 'anybroker'

/** What to put in place of what a queue shows to the application. What is not named stays the real one. */
export interface SeenParts {
  readonly delivery?: (inner: Delivery<unknown>) => Delivery<unknown>
  readonly handler?: (inner: Handler<unknown>) => Handler<unknown>
  readonly consumeOptions?: (given: ConsumeOptions) => ConsumeOptions
}

/** A broker whose queues hand other deliveries to other handlers, by other options. */
export function seeing(broker: Broker, parts: SeenParts): Broker {
  const { delivery = (inner) => inner, handler = (inner) => inner, consumeOptions = (given) => given } = parts
  return override(broker, {
    queue: <T>(name: string, options?: QueueOptions<T>): Queue<T> => {
      const queue: Queue<unknown> = broker.queue<unknown>(name, options)
      const changed: Queue<unknown> = override(queue, {
        consume: (given, asked = {}) => {
          const changedHandler = handler(given)
          return queue.consume((inner) => changedHandler(delivery(inner)), consumeOptions(asked))
        },
        consumeBatch: (given, asked) => queue.consumeBatch((batch) => given(batch.map(delivery)), asked),
        receive: (asked) => {
          const loop = queue.receive(asked)
          return override(loop, {
            [Symbol.asyncIterator]: async function* () {
              for await (const inner of loop) yield delivery(inner)
            },
          })
        },
      })
      return changed as Queue<T>
    },
  })
}
