export { rabbitmq, fromUrl } from './rabbitmq.ts'
export type { Host, RabbitOptions, TlsOptions } from './options.ts'
export { type Definitions, ladderDefinitions } from './ladder.ts'
