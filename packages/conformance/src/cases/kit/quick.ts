import type { RetryPolicy } from 'anybroker'

/** Three attempts in a row, without chance: for cases in which the time between attempts is not the matter. */
export const quick: RetryPolicy & { readonly maxAttempts: number } = {
  maxAttempts: 3,
  backoff: { initialMs: 20, factor: 1, jitter: 0 },
}
