/**
 * What must hold in core, always. The files that keep an invariant name it; `invariants.test.ts` has a test for each.
 *
 *  1. Acked means handled, dead-lettered with confirmation, or dropped by a stated policy.
 *  2. Confirmed means that the broker gave evidence for this very message.
 *  3. Refused means provably never stored.
 *  4. Whatever is neither is unknown.
 *  5. An id is fixed before the first attempt.
 *  6. A receipt dies with its epoch.
 *  7. A log's commit is the contiguous finished prefix of partitions owned now. (Kept by drivers of logs.)
 *  8. Every promise has an owner and a deadline.
 *  9. Every buffer has a bound in bytes.
 * 10. Every retry has a budget, jitter and a generation check.
 * 11. Nothing invalid reaches a driver; nothing that a handler throws reaches a client library.
 * 12. Closed means no socket, timer, callback.
 */
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
