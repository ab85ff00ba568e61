import { BrokerError, type ErrorCode, type ErrorFacts, type Ref } from '@anybroker/driver'
import { described } from './names.ts'

/** Of a code that says no more: what is broken. */
const SCOPES: Partial<Record<ErrorCode, ErrorFacts['scope']>> = {
  UNAVAILABLE: 'connection',
  CLOSED: 'connection',
  NOT_FOUND: 'receiver',
  CONFLICT: 'receiver',
}

/** The store throws `BrokerError`s and, for wrong arguments, `TypeError`s; anything else is a bug of ours that no retry mends. */
export function describeError(error: unknown): ErrorFacts {
  if (!(error instanceof BrokerError)) return { code: 'UNAVAILABLE', retryable: false, scope: 'receiver' }
  const { scope } = error.facts
  return {
    code: error.code,
    retryable: error.retryable,
    scope:
      scope === 'message' || scope === 'receiver' || scope === 'connection' ? scope : (SCOPES[error.code] ?? 'message'),
  }
}

/** `action` begins the message: `opening a sender to queue orders`. */
export function notFound(action: string, ref: Ref): BrokerError {
  return new BrokerError('NOT_FOUND', `${action}: there is no ${described(ref)}`, { facts: { entity: described(ref) } })
}

export function deleted(what: string): BrokerError {
  return new BrokerError('NOT_FOUND', `${what} was deleted`, { facts: { entity: what } })
}

/** No room for so many bytes. Retryable, as long as it could ever fit. */
export function full(action: string, neededBytes: number, usedBytes: number, maxBytes: number): BrokerError {
  const facts = { neededBytes, usedBytes, maxBytes }
  return new BrokerError(
    'REFUSED',
    `${action}: the store is full (${usedBytes} of ${maxBytes} bytes, ${neededBytes} needed)`,
    {
      retryable: neededBytes <= maxBytes,
      facts,
    },
  )
}
