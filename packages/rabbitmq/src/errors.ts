import { BrokerError, type ErrorCode, type ErrorFacts, type Ref, type SourceRef } from '@anybroker/driver'
import { described } from './names.ts'

const facts = (code: ErrorCode, scope: ErrorFacts['scope'], retryable = false): ErrorFacts =>
  Object.freeze({ code, scope, retryable })

/** Reply codes of AMQP 0-9-1, as RabbitMQ uses them. 4xx but for 402 close a channel, 5xx and 320 and 402 a connection. */
const REPLIES: ReadonlyMap<number, ErrorFacts> = new Map([
  [311, facts('MESSAGE_TOO_LARGE', 'message')],
  [312, facts('NOT_FOUND', 'message')],
  [320, facts('UNAVAILABLE', 'connection', true)],
  [402, facts('NOT_FOUND', 'connection')],
  [403, facts('UNAUTHORIZED', 'receiver')],
  [404, facts('NOT_FOUND', 'receiver')],
  [405, facts('CONFLICT', 'receiver')],
  [406, facts('CONFLICT', 'receiver')],
  [501, facts('UNAVAILABLE', 'connection', true)],
  [502, facts('UNAVAILABLE', 'connection')],
  [503, facts('UNAVAILABLE', 'connection')],
  [504, facts('UNAVAILABLE', 'connection', true)],
  [505, facts('UNAVAILABLE', 'connection', true)],
  [506, facts('UNAVAILABLE', 'connection', true)],
  [530, facts('UNAUTHORIZED', 'connection')],
  [540, facts('UNSUPPORTED', 'connection')],
  [541, facts('UNAVAILABLE', 'connection', true)],
])

/** What says more than its code: the first that fits. */
const SPECIAL: readonly (readonly [RegExp, ErrorFacts])[] = [
  // A consumer timeout, or a tag of another life: the next channel begins anew.
  [/delivery acknowledgement on channel|unknown delivery tag/i, facts('UNAVAILABLE', 'receiver', true)],
  [/message size \d+ .*larger than|content.*too large/i, facts('MESSAGE_TOO_LARGE', 'message')],
  [/vhost .* not found/i, facts('NOT_FOUND', 'connection')],
  [/\b403\b.*ACCESS.REFUSED|ACCESS_REFUSED|SASL mechanism/i, facts('UNAUTHORIZED', 'connection')],
  [/vhost .* (?:is )?down|node.*is down/i, facts('UNAVAILABLE', 'connection', true)],
]

/** What has no code. */
const TEXTS: readonly (readonly [RegExp, ErrorFacts])[] = [
  [/message nacked/i, facts('REFUSED', 'message', true)],
  [/No channels left/i, facts('UNAVAILABLE', 'receiver', true)],
  [/channel clos(?:ed|ing)|channel ended/i, facts('UNAVAILABLE', 'receiver', true)],
  [
    /connection clos(?:ed|ing)|heartbeat timeout|unexpected close|socket closed|terminated by server|ETIMEDOUT/i,
    facts('UNAVAILABLE', 'connection', true),
  ],
]

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

/** Total: reads a number, a code or a text where there is one, and never runs a getter that throws. */
export function describeError(error: unknown): ErrorFacts {
  if (error instanceof BrokerError) return ofBrokerError(error)
  const code = read(error, 'code')
  const message = read(error, 'message')
  const text =
    typeof message === 'string' ? message.slice(0, 4096) : typeof error === 'string' ? error.slice(0, 4096) : ''
  const special = first(SPECIAL, text)
  if (special !== undefined) return special
  if (typeof code === 'number') return REPLIES.get(code) ?? UNKNOWN
  if (typeof code === 'string' && TLS.test(code)) return facts('UNAUTHORIZED', 'connection')
  if (typeof code === 'string' && SOCKET.test(code)) return facts('UNAVAILABLE', 'connection', true)
  return first(TEXTS, text) ?? UNKNOWN
}

function first(table: readonly (readonly [RegExp, ErrorFacts])[], text: string): ErrorFacts | undefined {
  return table.find(([pattern]) => pattern.test(text))?.[1]
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

/** The reply code of what the server said, if it said something. */
export function replyCode(error: unknown): number | undefined {
  const code = read(error, 'code')
  return typeof code === 'number' ? code : undefined
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
