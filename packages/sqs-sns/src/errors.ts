import { BrokerError, type ErrorCode, type ErrorFacts, type Ref } from '@anybroker/driver'
import type { FailedEntry } from './batches.ts'
import { described } from './names.ts'

const facts = (code: ErrorCode, scope: ErrorFacts['scope'], retryable = false): ErrorFacts =>
  Object.freeze({ code, scope, retryable })

const NOT_FOUND = facts('NOT_FOUND', 'receiver')
const UNAUTHORIZED = facts('UNAUTHORIZED', 'receiver')
const BUSY = facts('UNAVAILABLE', 'message', true)
const LOST = facts('LEASE_LOST', 'message')
const TOO_LARGE = facts('MESSAGE_TOO_LARGE', 'message')
const DOWN = facts('UNAVAILABLE', 'receiver', true)
const UNKNOWN = facts('UNAVAILABLE', 'receiver')

/**
 * By the last part of a name or code, because services and engines spell the first part differently
 * (`AWS.SimpleQueueService.NonExistentQueue`, `com.amazonaws.sqs#QueueDoesNotExist`), and without a trailing `Exception`.
 */
const NAMED: ReadonlyMap<string, ErrorFacts> = new Map([
  ...named(NOT_FOUND, 'QueueDoesNotExist NonExistentQueue NotFound ResourceNotFound'),
  ...named(facts('CONFLICT', 'receiver'), 'QueueNameExists QueueAlreadyExists'),
  // All pass by themselves: a minute after a delete or a purge, when others have settled, when the quota is free again.
  ...named(BUSY, 'QueueDeletedRecently PurgeQueueInProgress OverLimit RequestThrottled Throttling ThrottlingException'),
  ...named(BUSY, 'Throttled KmsThrottled KMSThrottling RequestLimitExceeded TooManyRequests SlowDown'),
  ...named(BUSY, 'ServiceUnavailable InternalError InternalFailure InternalServerError InternalService'),
  ...named(UNAUTHORIZED, 'AccessDenied AuthorizationError NotAuthorized InvalidSecurity OptInRequired'),
  ...named(UNAUTHORIZED, 'InvalidClientTokenId UnrecognizedClient InvalidAccessKeyId MissingAuthenticationToken'),
  ...named(
    UNAUTHORIZED,
    'SignatureDoesNotMatch InvalidSignature IncompleteSignature MissingAuthenticationTokenException',
  ),
  ...named(UNAUTHORIZED, 'ExpiredToken RequestExpired CredentialsProviderError TokenProviderError'),
  ...named(UNAUTHORIZED, 'KmsAccessDenied KMSAccessDenied KmsDisabled KMSDisabled KmsInvalidState KMSInvalidState'),
  ...named(UNAUTHORIZED, 'KmsInvalidKeyUsage KmsNotFound KMSNotFound KmsOptInRequired KMSOptInRequired'),
  ...named(LOST, 'MessageNotInflight ReceiptHandleIsInvalid'),
  ...named(TOO_LARGE, 'BatchRequestTooLong MessageTooLong'),
  ...named(facts('INVALID_MESSAGE', 'message'), 'InvalidMessageContents'),
  ...named(
    facts('REFUSED', 'message'),
    'InvalidParameterValue InvalidParameter InvalidAttributeName InvalidAttributeValue',
  ),
  ...named(facts('REFUSED', 'message'), 'UnsupportedOperation SubscriptionLimitExceeded TopicLimitExceeded'),
  ...named(facts('REFUSED', 'message'), 'FilterPolicyLimitExceeded ValidationError TagLimitExceeded TagPolicy'),
  ...named(DOWN, 'TimeoutError RequestTimeout'),
])

function named(found: ErrorFacts, names: string): readonly (readonly [string, ErrorFacts])[] {
  return names.split(' ').map((name) => [name, found] as const)
}

/** What says more than its name. */
const TEXTS: readonly (readonly [RegExp, ErrorFacts])[] = [
  [/receipt ?handle.*(?:expired|not valid|invalid)|VisibilityTimeout.*beyond the limit/i, LOST],
  [/must be shorter than|message too long|batch requests? .*longer than|size.*exceed/i, TOO_LARGE],
  // One that was made a moment ago, and is not known everywhere yet.
  [/dead.letter.*does not exist/i, BUSY],
  [/invalid (?:binary )?character|characters? (?:that|which) (?:is|are) not/i, facts('INVALID_MESSAGE', 'message')],
  [/security token.*(?:expired|invalid)|could not load credentials/i, UNAUTHORIZED],
  [/region is missing/i, facts('UNAUTHORIZED', 'connection')],
  // Bytes that came back damaged; the lease brings them again.
  [/MD5 checksum/i, DOWN],
  [/socket hang up|socket disconnected|other side closed/i, DOWN],
]

/** Codes of Node's sockets: what another request may mend. */
const SOCKET =
  /^(?:ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_|EADDR|EMFILE|ENFILE|ABORT_ERR|ERR_STREAM|ERR_SOCKET)/

/** A peer that can't prove who it is. */
const TLS = /^(?:CERT_|ERR_TLS|ERR_SSL|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|HOSTNAME_MISMATCH|EPROTO)/

const SCOPES: Partial<Record<ErrorCode, ErrorFacts['scope']>> = {
  UNAVAILABLE: 'receiver',
  NOT_FOUND: 'receiver',
  CONFLICT: 'receiver',
  UNAUTHORIZED: 'receiver',
}

/** Total: reads a name, a code, a status or a text where there is one, and never runs a getter that throws. */
export function describeError(error: unknown): ErrorFacts {
  if (error instanceof BrokerError) return ofBrokerError(error)
  const text = textOf(error)
  const special = TEXTS.find(([pattern]) => pattern.test(text))?.[1]
  // An engine that calls everything InvalidParameterValue is told apart by its text.
  const byName = NAMED.get(shortName(error)) ?? NAMED.get(lastPart(read(error, 'Code')))
  if (byName !== undefined && byName.code !== 'REFUSED') return byName
  if (special !== undefined) return special
  if (byName !== undefined) return byName
  const code = read(error, 'code')
  if (typeof code === 'string' && TLS.test(code)) return facts('UNAUTHORIZED', 'connection')
  if (typeof code === 'string' && SOCKET.test(code)) return DOWN
  return ofStatus(statusOf(error)) ?? UNKNOWN
}

function ofStatus(status: number | undefined): ErrorFacts | undefined {
  if (status === undefined) return undefined
  if (status === 401 || status === 403) return UNAUTHORIZED
  if (status === 429 || status >= 500) return BUSY
  if (status === 404) return NOT_FOUND
  if (status === 413) return TOO_LARGE
  return status >= 400 ? facts('REFUSED', 'message') : undefined
}

/**
 * Whether the service said no to the whole request, so that nothing of it is stored: an answer of its own that blames the request,
 * or its pace. Whatever broke on the way, and what the service calls its own fault, proves nothing.
 */
export function isRefusal(error: unknown): boolean {
  const status = statusOf(error)
  return status !== undefined && status >= 400 && status < 500 && status !== 408
}

/** The error that one entry of a batch met, with a name to go by. */
export function entryError(action: string, { Code = 'unknown', Message = '', SenderFault }: FailedEntry): Error {
  const error = new Error(`${action}: ${Message === '' ? Code : Message}`)
  error.name = Code
  return Object.assign(error, { Code, SenderFault: SenderFault === true })
}

function ofBrokerError(error: BrokerError): ErrorFacts {
  const { scope } = error.facts
  const known = scope === 'message' || scope === 'receiver' || scope === 'connection'
  return { code: error.code, retryable: error.retryable, scope: known ? scope : (SCOPES[error.code] ?? 'message') }
}

function shortName(error: unknown): string {
  return lastPart(read(error, 'name'))
}

function lastPart(name: unknown): string {
  if (typeof name !== 'string') return ''
  const last =
    name
      .slice(0, 256)
      .split(/[.#:/]/)
      .at(-1) ?? ''
  return last.replace(/(?:Exception|Fault)$/, '')
}

function textOf(error: unknown): string {
  const message = typeof error === 'string' ? error : read(error, 'message')
  return typeof message === 'string' ? message.slice(0, 4096) : ''
}

function statusOf(error: unknown): number | undefined {
  const status = read(read(error, '$metadata'), 'httpStatusCode')
  return typeof status === 'number' ? status : undefined
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
  return new BrokerError('NOT_FOUND', `${action}: there is no ${described(ref)} on sqs-sns`, {
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

export function isMissing(error: unknown): boolean {
  return describeError(error).code === 'NOT_FOUND'
}
