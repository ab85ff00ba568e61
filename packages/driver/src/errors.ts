/** Closed list: a program acts on the code. */
export const ERROR_CODES = [
  'UNSUPPORTED',
  'NOT_FOUND',
  'CONFLICT',
  'UNAUTHORIZED',
  'UNAVAILABLE',
  'TIMEOUT',
  'REFUSED',
  'MESSAGE_TOO_LARGE',
  'INVALID_MESSAGE',
  'LEASE_LOST',
  'CLOSED',
] as const
export type ErrorCode = (typeof ERROR_CODES)[number]

/** What became of a message whose send failed: provably not stored, or nobody can tell. */
export type SendFailure = 'refused' | 'unknown'

export interface BrokerErrorOptions {
  readonly cause?: unknown
  /** Whether the same call may succeed later, unchanged. Default false. */
  readonly retryable?: boolean
  readonly outcome?: SendFailure
  /** The clause of the contract that was asked for and can't be had. */
  readonly clause?: string
  readonly facts?: Readonly<Record<string, unknown>>
}

/**
 * The one error of anybroker. The message begins with what was attempted; `cause` is what the client library said, without its
 * secrets. Wrong arguments are `TypeError`s and have no code.
 *
 * @example A send that may have arrived
 * ```ts
 * try {
 *   await orders.send(order)
 * } catch (error) {
 *   if (error instanceof BrokerError && error.outcome === 'unknown') await checkLater(order.id)
 * }
 * ```
 */
export class BrokerError extends Error {
  override readonly name = 'BrokerError'
  readonly code: ErrorCode
  readonly retryable: boolean
  /** Only on errors of `send` and `publish`. */
  readonly outcome?: SendFailure
  /** Only with `UNSUPPORTED`. */
  readonly clause?: string
  /** What a program may want besides the code, such as `{ limit, size }` with `MESSAGE_TOO_LARGE`. */
  readonly facts: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: BrokerErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
    if (options.outcome !== undefined) this.outcome = options.outcome
    if (options.clause !== undefined) this.clause = options.clause
    this.facts = options.facts ?? {}
  }
}

/** What a driver makes of whatever its client threw. */
export interface ErrorFacts {
  readonly code: ErrorCode
  readonly retryable: boolean
  /** What is broken: this message only, this sender or receiver, or the whole connection. */
  readonly scope: 'message' | 'receiver' | 'connection'
}
