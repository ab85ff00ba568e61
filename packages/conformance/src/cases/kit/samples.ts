import type { Delivery, RetryPolicy } from 'anybroker'

/** Retries soon: a case can't wait for the default backoff of a second. */
export const QUICK: RetryPolicy = { backoff: { initialMs: 20, jitter: 0 } }

/** 0 to n - 1: bodies that can be counted and told apart. */
export function numbers(n: number): number[] {
  return Array.from({ length: n }, (_, index) => index)
}

/** A place where handlers wait, deliveries in hand. */
export interface Gate {
  /** Resolves when the gate opens. Rejects when the delivery's signal aborts, so that closing never waits for a gate. */
  pass(delivery: Pick<Delivery<unknown>, 'signal'>): Promise<void>
  /** Lets all pass, those that come later too. */
  open(): void
}

/** A closed gate. */
export function gate(): Gate {
  const opened = new AbortController()
  return {
    open: () => opened.abort(),
    pass: ({ signal }) =>
      new Promise((resolve, reject) => {
        if (opened.signal.aborted) return resolve()
        const pass = () => {
          signal.removeEventListener('abort', abort)
          resolve()
        }
        const abort = () => {
          opened.signal.removeEventListener('abort', pass)
          reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)))
        }
        opened.signal.addEventListener('abort', pass, { once: true })
        signal.addEventListener('abort', abort, { once: true })
        if (signal.aborted) abort()
      }),
  }
}
