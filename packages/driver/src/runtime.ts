/**
 * Time, chance and the log, as core and drivers see them. Nothing in core or in a driver may reach for `Date.now`, `setTimeout`,
 * `Math.random` or `console` by itself: a test that brings its own `Runtime` then owns every source of disorder.
 */
export interface Runtime {
  /** Monotonic milliseconds with an arbitrary origin. Leases, deadlines and backoff are measured on this scale alone. */
  now(): number
  /** Wall clock, milliseconds since 1970. For `sentAt`, `deliverAt`, `expiresAt`: points in time that cross processes. */
  wallNow(): number
  /** Calls `run` once, `delayMs` from now or later. The returned function cancels; cancelling twice, or late, does nothing. */
  timer(delayMs: number, run: () => void): () => void
  /** Resolves after `delayMs`. Rejects with the signal's reason when aborted, and leaves neither timer nor listener behind. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
  /** Uniform in [0, 1). */
  random(): number
  /** A new unique id: a UUIDv7, 36 characters. */
  id(): string
  /** Where core and drivers tell what a person may want to know. Never called with a body, a header value or a secret. */
  log(level: LogLevel, message: string, facts?: Readonly<Record<string, unknown>>): void
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
