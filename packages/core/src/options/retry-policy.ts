import type { RetryPolicy } from '../api/consume.ts'
import { integer, known, MAX_TIMEOUT_MS, numeric, oneOf, optionalFunction } from './check.ts'

/** A retry policy with nothing left to default. */
export interface FullRetryPolicy {
  readonly maxAttempts: number
  readonly initialMs: number
  readonly factor: number
  readonly maxMs: number
  readonly jitter: number
  readonly retryIf: ((error: unknown, attempt: number) => boolean) | undefined
  readonly onRetry: 'block' | 'overtake'
  readonly exhausted: 'dead-letter' | 'drop'
}

/** `given` over `base` (the policy of the queue or subscription), over the contract's defaults. */
export function fullRetryPolicy(what: string, given: RetryPolicy | undefined, base?: RetryPolicy): FullRetryPolicy {
  const own = known<RetryPolicy>(what, given, ['maxAttempts', 'backoff', 'retryIf', 'onRetry', 'exhausted'])
  const policy = { ...base, ...own }
  const backoff = known<NonNullable<RetryPolicy['backoff']>>(`${what}.backoff`, policy.backoff, [
    'initialMs',
    'factor',
    'maxMs',
    'jitter',
  ])
  optionalFunction(`${what}.retryIf`, policy.retryIf)
  return {
    maxAttempts: integer(`${what}.maxAttempts`, policy.maxAttempts, { min: 1, max: 100, fallback: 10 }),
    initialMs: integer(`${what}.backoff.initialMs`, backoff.initialMs, {
      min: 0,
      max: MAX_TIMEOUT_MS,
      fallback: 1_000,
    }),
    factor: numeric(`${what}.backoff.factor`, backoff.factor, { min: 1, max: 10, fallback: 2 }),
    maxMs: integer(`${what}.backoff.maxMs`, backoff.maxMs, { min: 0, max: MAX_TIMEOUT_MS, fallback: 60_000 }),
    jitter: numeric(`${what}.backoff.jitter`, backoff.jitter, { min: 0, max: 1, fallback: 0.2 }),
    retryIf: policy.retryIf,
    onRetry: oneOf(`${what}.onRetry`, policy.onRetry, ['block', 'overtake'], 'block'),
    exhausted: oneOf(`${what}.exhausted`, policy.exhausted, ['dead-letter', 'drop'], 'dead-letter'),
  }
}

/** Before the attempt after `attempt`. Jitter only adds, so that no retry is early (D2); `maxMs` bounds the delay before jitter. */
export function backoffMs(policy: FullRetryPolicy, attempt: number, random: number): number {
  const delay = Math.min(policy.maxMs, policy.initialMs * policy.factor ** (attempt - 1))
  return Math.ceil(delay * (1 + policy.jitter * random))
}
