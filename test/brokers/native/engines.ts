import type { BrokerName } from '../names.ts'
import type { Engine } from './engine.ts'
import { rabbitmq } from './rabbitmq.ts'

/** How each broker runs as processes of this machine. */
export const engines: Readonly<Record<BrokerName, Engine>> = {
  'rabbitmq-3': rabbitmq('rabbitmq-3'),
  'rabbitmq-4': rabbitmq('rabbitmq-4'),
}
