export { fromUrl, kafka } from './kafka.ts'
export type { Host, KafkaOptions, SaslOptions, TlsOptions } from './options.ts'
