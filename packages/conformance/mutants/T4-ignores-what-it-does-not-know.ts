import { override } from '@anybroker/testkit'
import type { SendOptions, TopicOptions } from 'anybroker'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'T4',
  name: 'an option of publish that names a subscriber is ignored in silence',
  wrapBroker: (broker) =>
    override(broker, {
      topic: <T>(name: string, options?: TopicOptions<T>) => {
        const topic = broker.topic<T>(name, options)
        return override(topic, {
          publish: (body: T, { headers = {} }: SendOptions = {}) => topic.publish(body, { headers }),
        })
      },
    }),
}
