import { override } from '@anybroker/testkit'
import type { Queue, QueueOptions } from 'anybroker'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'M7',
  name: 'the schema checks what is sent, not what is received',
  wrapBroker: (broker) => {
    const sending = new Set<unknown>()
    return override(broker, {
      queue: <T>(name: string, { schema, ...options }: QueueOptions<T> = {}): Queue<T> => {
        if (schema === undefined) return broker.queue<T>(name, options)
        const validate = schema['~standard'].validate
        const half: typeof schema = {
          '~standard': {
            ...schema['~standard'],
            validate: (value) => (sending.delete(value) ? validate(value) : { value: value as T }),
          },
        }
        const queue = broker.queue<T>(name, { ...options, schema: half })
        return override(queue, {
          send: (body: T, asked) => {
            sending.add(body)
            return queue.send(body, asked)
          },
        })
      },
    })
  },
}
