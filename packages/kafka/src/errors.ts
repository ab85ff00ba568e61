import { BrokerError, type ErrorCode, type ErrorFacts, type Ref, type SourceRef } from '@anybroker/driver'
import { described } from './names.ts'

const facts = (code: ErrorCode, scope: ErrorFacts['scope'], retryable = false): ErrorFacts =>
  Object.freeze({ code, scope, retryable })

const PASSES = facts('UNAVAILABLE', 'receiver', true)

/** The names of Kafka's protocol for its errors. What is not here passes, or does not, as kafkajs says. */
const TYPES: ReadonlyMap<string, ErrorFacts> = new Map([
  ['UNKNOWN_TOPIC_OR_PARTITION', facts('NOT_FOUND', 'receiver')],
  ['GROUP_ID_NOT_FOUND', facts('NOT_FOUND', 'receiver')],
  ['MESSAGE_TOO_LARGE', facts('MESSAGE_TOO_LARGE', 'message')],
  ['RECORD_LIST_TOO_LARGE', facts('MESSAGE_TOO_LARGE', 'message')],
  ['INVALID_RECORD', facts('REFUSED', 'message')],
  ['INVALID_TIMESTAMP', facts('REFUSED', 'message')],
  ['CORRUPT_MESSAGE', facts('UNAVAILABLE', 'message', true)],
  ['NOT_ENOUGH_REPLICAS', facts('UNAVAILABLE', 'message', true)],
  ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', facts('UNAVAILABLE', 'message', true)],
  ['TOPIC_AUTHORIZATION_FAILED', facts('UNAUTHORIZED', 'receiver')],
  ['GROUP_AUTHORIZATION_FAILED', facts('UNAUTHORIZED', 'receiver')],
  ['CLUSTER_AUTHORIZATION_FAILED', facts('UNAUTHORIZED', 'receiver')],
  ['SASL_AUTHENTICATION_FAILED', facts('UNAUTHORIZED', 'connection')],
  ['UNSUPPORTED_SASL_MECHANISM', facts('UNAUTHORIZED', 'connection')],
  ['ILLEGAL_SASL_STATE', facts('UNAUTHORIZED', 'connection')],
  ['INCONSISTENT_GROUP_PROTOCOL', facts('CONFLICT', 'receiver')],
  ['TOPIC_ALREADY_EXISTS', facts('CONFLICT', 'receiver')],
  ['NON_EMPTY_GROUP', facts('CONFLICT', 'receiver', true)],
  ['INVALID_REPLICATION_FACTOR', facts('UNAVAILABLE', 'receiver', true)],
  ['INVALID_PARTITIONS', facts('REFUSED', 'receiver')],
  ['INVALID_CONFIG', facts('REFUSED', 'receiver')],
  ['POLICY_VIOLATION', facts('REFUSED', 'receiver')],
  ['INVALID_SESSION_TIMEOUT', facts('REFUSED', 'receiver')],
  ['UNSUPPORTED_VERSION', facts('UNSUPPORTED', 'connection')],
  ['UNKNOWN_MEMBER_ID', PASSES],
  ['ILLEGAL_GENERATION', PASSES],
  ['REBALANCE_IN_PROGRESS', PASSES],
  ['NOT_CONTROLLER', PASSES],
  ['OFFSET_OUT_OF_RANGE', PASSES],
])

/** The names of kafkajs' own errors. */
const NAMES: ReadonlyMap<string, ErrorFacts> = new Map([
  ['KafkaJSSASLAuthenticationError', facts('UNAUTHORIZED', 'connection')],
  ['KafkaJSServerDoesNotSupportApiKey', facts('UNSUPPORTED', 'connection')],
  ['KafkaJSNotImplemented', facts('UNSUPPORTED', 'connection')],
  ['KafkaJSRequestTimeoutError', facts('UNAVAILABLE', 'connection', true)],
  ['KafkaJSConnectionClosedError', facts('UNAVAILABLE', 'connection', true)],
  ['ConnectionGone', facts('UNAVAILABLE', 'connection', true)],
])

/** Codes of Node's sockets: what a reconnect may mend. */
const SOCKET =
  /^(?:ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_|EADDR|EMFILE|ENFILE|ABORT_ERR|ERR_STREAM|ERR_SOCKET)/

/** A peer that can't prove who it is, or whom we can't. */
const TLS = /^(?:CERT_|ERR_TLS|ERR_SSL|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|HOSTNAME_MISMATCH|EPROTO)/

const SCOPES: Partial<Record<ErrorCode, ErrorFacts['scope']>> = {
  UNAVAILABLE: 'connection',
  CLOSED: 'connection',
  NOT_FOUND: 'receiver',
  CONFLICT: 'receiver',
  UNAUTHORIZED: 'receiver',
}
const UNKNOWN = facts('UNAVAILABLE', 'receiver')

/** Total: reads a type, a name, a code or a text where there is one, and never runs a getter that throws. */
export function describeError(error: unknown): ErrorFacts {
  if (error instanceof BrokerError) return ofBrokerError(error)
  const type = read(error, 'type')
  const known = typeof type === 'string' ? TYPES.get(type) : undefined
  if (known !== undefined) return known
  const code = read(error, 'code')
  if (typeof code === 'string' && TLS.test(code)) return facts('UNAUTHORIZED', 'connection')
  if (typeof code === 'string' && SOCKET.test(code)) return facts('UNAVAILABLE', 'connection', true)
  const name = read(error, 'name')
  const named = typeof name === 'string' ? NAMES.get(name) : undefined
  if (named !== undefined) return named
  if (name === 'KafkaJSConnectionError') return facts('UNAVAILABLE', 'connection', true)
  if (read(error, 'retriable') === true) return PASSES
  return UNKNOWN
}

function ofBrokerError(error: BrokerError): ErrorFacts {
  const { scope } = error.facts
  const known = scope === 'message' || scope === 'receiver' || scope === 'connection'
  return { code: error.code, retryable: error.retryable, scope: known ? scope : (SCOPES[error.code] ?? 'message') }
}

function read(from: unknown, key: string): unknown {
  if (typeof from !== 'object' || from === null) return undefined
  try {
    return (from as Readonly<Record<string, unknown>>)[key]
  } catch {
    // A getter that throws says nothing.
    return undefined
  }
}

/** `action` begins the message: `opening a sender to queue orders`. */
export function notFound(action: string, ref: Ref | SourceRef, cause?: unknown): BrokerError {
  return new BrokerError('NOT_FOUND', `${action}: there is no ${described(ref)}`, {
    facts: { entity: described(ref) },
    ...(cause === undefined ? {} : { cause }),
  })
}

export function unavailable(message: string, scope: ErrorFacts['scope'], cause?: unknown): BrokerError {
  return new BrokerError('UNAVAILABLE', message, {
    retryable: true,
    facts: { scope },
    ...(cause === undefined ? {} : { cause }),
  })
}
