import { BrokerError, type ErrorCode, type ErrorFacts, type Ref } from '@anybroker/driver'
import { described } from './names.ts'

const facts = (code: ErrorCode, scope: ErrorFacts['scope'], retryable = false): ErrorFacts =>
  Object.freeze({ code, scope, retryable })

/** Codes of gRPC, as Pub/Sub uses them: https://cloud.google.com/pubsub/docs/reference/error-codes. */
const CANCELLED = 1
export const NOT_FOUND = 5
export const ALREADY_EXISTS = 6
export const PERMISSION_DENIED = 7
const UNAVAILABLE = 14

const DOWN = facts('UNAVAILABLE', 'receiver', true)
const UNAUTHORIZED = facts('UNAUTHORIZED', 'receiver')
const UNKNOWN = facts('UNAVAILABLE', 'receiver')

const STATUS: ReadonlyMap<number, ErrorFacts> = new Map([
  [CANCELLED, DOWN],
  [2, DOWN],
  [3, facts('REFUSED', 'message')],
  [4, DOWN],
  [NOT_FOUND, facts('NOT_FOUND', 'receiver')],
  [ALREADY_EXISTS, facts('CONFLICT', 'receiver')],
  [PERMISSION_DENIED, UNAUTHORIZED],
  // A quota: free again soon.
  [8, facts('UNAVAILABLE', 'message', true)],
  [9, facts('CONFLICT', 'receiver')],
  [10, DOWN],
  [11, facts('REFUSED', 'message')],
  [12, facts('UNSUPPORTED', 'receiver')],
  [13, DOWN],
  [UNAVAILABLE, DOWN],
  [15, UNKNOWN],
  [16, facts('UNAUTHORIZED', 'connection')],
])

/** Answers by which nothing was stored. What broke on the way, and what the service calls its own fault, proves nothing. */
const REFUSALS: ReadonlySet<number> = new Set([3, NOT_FOUND, PERMISSION_DENIED, 9, 11, 12, 16])

/** What says more than its code: the first that fits. */
const TEXTS: readonly (readonly [RegExp, ErrorFacts])[] = [
  [
    /payload size exceeds|message (?:size|body).*(?:exceed|too large)|larger than max/i,
    facts('MESSAGE_TOO_LARGE', 'message'),
  ],
  [
    /default credentials|invalid_grant|Project Id|invalid_client|private key|reauth/i,
    facts('UNAUTHORIZED', 'connection'),
  ],
]

/** Codes of Node's sockets: what another try may mend. */
const SOCKET =
  /^(?:ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_|EADDR|EMFILE|ENFILE|ABORT_ERR|ERR_STREAM|ERR_SOCKET|ERR_HTTP2)/

/** A peer that can't prove who it is. */
const TLS = /^(?:CERT_|ERR_TLS|ERR_SSL|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|HOSTNAME_MISMATCH|EPROTO)/

const SCOPES: Partial<Record<ErrorCode, ErrorFacts['scope']>> = {
  UNAVAILABLE: 'receiver',
  NOT_FOUND: 'receiver',
  CONFLICT: 'receiver',
  UNAUTHORIZED: 'receiver',
}

/** Total: reads a code or a text where there is one, and never runs a getter that throws. */
export function describeError(error: unknown): ErrorFacts {
  if (error instanceof BrokerError) return ofBrokerError(error)
  const text = textOf(error)
  const special = TEXTS.find(([pattern]) => pattern.test(text))?.[1]
  if (special !== undefined) return special
  const code = read(error, 'code')
  if (typeof code === 'number') return STATUS.get(code) ?? UNKNOWN
  if (typeof code === 'string' && TLS.test(code)) return facts('UNAUTHORIZED', 'connection')
  if (typeof code === 'string' && SOCKET.test(code)) return DOWN
  return UNKNOWN
}

/** Whether the service said no to a request, so that nothing of it is stored. */
export function isRefusal(error: unknown): boolean {
  const code = statusOf(error)
  if (code === undefined) return false
  // No connection, so nothing was said.
  if (code === UNAVAILABLE) return /No connection established|ECONNREFUSED|ENOTFOUND/.test(textOf(error))
  return REFUSALS.has(code)
}

/** The gRPC code of what the service said, if it said something. */
export function statusOf(error: unknown): number | undefined {
  const code = read(error, 'code')
  return typeof code === 'number' ? code : undefined
}

function ofBrokerError(error: BrokerError): ErrorFacts {
  const { scope } = error.facts
  const known = scope === 'message' || scope === 'receiver' || scope === 'connection'
  return { code: error.code, retryable: error.retryable, scope: known ? scope : (SCOPES[error.code] ?? 'message') }
}

function textOf(error: unknown): string {
  const message = typeof error === 'string' ? error : read(error, 'message')
  return typeof message === 'string' ? message.slice(0, 4096) : ''
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
export function notFound(action: string, ref: Ref, cause?: unknown): BrokerError {
  return new BrokerError('NOT_FOUND', `${action}: there is no ${described(ref)} on google-pubsub`, {
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
