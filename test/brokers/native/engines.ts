import type { BrokerName } from '../names.ts'
import type { Engine } from './engine.ts'
import { fauxqs } from './fauxqs.ts'
import { googlePubsub } from './google-pubsub.ts'
import { kafka } from './kafka.ts'
import { localstack } from './localstack.ts'
import { rabbitmq } from './rabbitmq.ts'

/** How each broker runs as processes of this machine. */
export const engines: Readonly<Record<BrokerName, Engine>> = {
  'rabbitmq-3': rabbitmq('rabbitmq-3'),
  'rabbitmq-4': rabbitmq('rabbitmq-4'),
  kafka: kafka('kafka'),
  'kafka-3-nodes': kafka('kafka-3-nodes'),
  'google-pubsub': googlePubsub,
  fauxqs,
  localstack,
}
