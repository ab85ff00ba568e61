import { override } from '@anybroker/testkit'
import type { SendOptions, SubscriptionOptions, TopicOptions } from 'anybroker'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'T4',
  name: 'publish tells how many subscriptions heard it',
  wrapBroker: (broker) => {
    let subscriptions = 0
    return override(broker, {
      topic: <T>(name: string, options?: TopicOptions<T>) => {
        const topic = broker.topic<T>(name, options)
        return override(topic, {
          durableSubscription: (subscription: string, asked?: SubscriptionOptions) => {
            subscriptions += 1
            return topic.durableSubscription(subscription, asked)
          },
          publish: async (body: T, asked?: SendOptions) => ({ ...(await topic.publish(body, asked)), subscriptions }),
        })
      },
    })
  },
}
