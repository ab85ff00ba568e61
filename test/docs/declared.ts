import { memory } from '@anybroker/memory'
import { rabbitmq } from '@anybroker/rabbitmq'
import { sqsSns } from '@anybroker/sqs-sns'
import type { Capabilities } from '@anybroker/driver'

/**
 * What each driver declares, by the name of the harness whose results are checked in. Needs no broker: a driver is made, and never
 * connected.
 */
export const declared: Readonly<Record<string, () => Capabilities>> = {
  fauxqs: () => sqsSns().capabilities,
  localstack: () => sqsSns().capabilities,
  memory: () => memory().capabilities,
  'memory-harsh': () => memory({ profile: 'harsh' }).capabilities,
  'rabbitmq-3': () => rabbitmq({ hosts: ['localhost'] }).capabilities,
  'rabbitmq-4-stream': () =>
    rabbitmq({ hosts: ['localhost'], stream: 'all', management: 'http://localhost:15672' }).capabilities,
  'rabbitmq-4': () => rabbitmq({ hosts: ['localhost'] }).capabilities,
}
