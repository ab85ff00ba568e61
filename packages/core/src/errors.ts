import { BrokerError, type Driver, type ErrorFacts, type SendFailure } from '@anybroker/driver'
import { messageOf } from './codec/body.ts'
import { redact, shownError } from './redact.ts'
import { DeadlinePassed } from './time/deadline.ts'

/**
 * Wraps, once, whatever came up through the seam: the message begins with what was attempted, the original is the cause. No secret
 * passes here. Wrong arguments and aborts of the caller's signal pass through untouched.
 */
export function wrapped(
  action: string,
  error: unknown,
  driver: Pick<Driver, 'name' | 'describeError'>,
  outcome?: SendFailure,
): BrokerError {
  if (error instanceof BrokerError) {
    const cause = error.cause === undefined ? {} : { cause: shownError(error.cause) }
    const own = outcome === undefined || error.outcome !== undefined ? {} : { outcome }
    const kept = error.outcome === undefined ? {} : { outcome: error.outcome }
    return new BrokerError(error.code, redact(error.message), { ...optionsOf(error), ...cause, ...kept, ...own })
  }
  const options = outcome === undefined ? {} : { outcome }
  if (error instanceof DeadlinePassed) {
    return new BrokerError('TIMEOUT', `${action} timed out on ${driver.name} ${error.message}`, {
      ...options,
      retryable: true,
      cause: error.cause === undefined ? undefined : shownError(error.cause),
    })
  }
  const { code, retryable } = described(driver, error)
  return new BrokerError(code, `${action} failed on ${driver.name}: ${redact(messageOf(error))}`, {
    ...options,
    cause: shownError(error),
    retryable,
  })
}

/** What an error means, also for those that are ours. */
export function described(driver: Pick<Driver, 'describeError'>, error: unknown): ErrorFacts {
  if (error instanceof DeadlinePassed) return { code: 'TIMEOUT', retryable: true, scope: 'message' }
  return driver.describeError(error)
}

/** Errors that no reconnect and no retry will mend: a consumer that meets one has failed for good. */
export function isFinal(facts: ErrorFacts): boolean {
  return (
    facts.code === 'NOT_FOUND' ||
    facts.code === 'UNAUTHORIZED' ||
    facts.code === 'CONFLICT' ||
    facts.code === 'UNSUPPORTED'
  )
}

export function closedError(what: string, outcome?: SendFailure): BrokerError {
  return new BrokerError('CLOSED', `${what} is closed`, outcome === undefined ? {} : { outcome })
}

function optionsOf(error: BrokerError): { retryable: boolean; facts: BrokerError['facts']; clause?: string } {
  return {
    retryable: error.retryable,
    facts: error.facts,
    ...(error.clause === undefined ? {} : { clause: error.clause }),
  }
}
