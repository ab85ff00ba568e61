export * from './api/broker.ts'
export * from './api/consume.ts'
export * from './api/entities.ts'
export * from './api/events.ts'
export * from './api/message.ts'
export type { Codec } from './codec/codec.ts'
export type { StandardSchemaV1 } from './codec/standard-schema.ts'
export { BrokerError } from '@anybroker/driver'
export type {
  Capabilities,
  Clause,
  Depth,
  ErrorCode,
  Filter,
  Grade,
  HeaderMatch,
  LogLevel,
  Runtime,
} from '@anybroker/driver'
export { connect } from './connect.ts'
export { SendAllError } from './send/send-all-error.ts'
