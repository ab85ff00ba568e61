import type { Runtime } from '@anybroker/driver'

/** What a deadline rejects with; whoever set it turns it into the contract's `TIMEOUT`, with what was attempted. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed'
}

/**
 * Invariant 8: every promise has an owner and a deadline. Runs `work` with a signal and resolves with what it resolves, but waits
 * no longer than `timeoutMs` and no longer than `signal` lets it, whether `work` heeds the signal or not. What `work` still
 * brings after that goes to `late`, so that nothing opened is left open.
 */
export function withDeadline<T>(
  runtime: Runtime,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
  late?: (value: T) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason)
      return
    }
    const controller = new AbortController()
    let over = false
    const finish = (end: () => void) => {
      if (over) return
      over = true
      cancel()
      signal?.removeEventListener('abort', aborted)
      end()
    }
    const giveUp = (reason: unknown) =>
      finish(() => {
        reject(reason)
        controller.abort(reason)
      })
    const aborted = () => giveUp(signal?.reason)
    const cancel = runtime.timer(timeoutMs, () => giveUp(new DeadlinePassed(`after ${timeoutMs} ms`)))
    signal?.addEventListener('abort', aborted, { once: true })
    start(work, controller.signal).then(
      (value) => (over ? late?.(value) : finish(() => resolve(value))),
      (error: unknown) => finish(() => reject(error)),
    )
  })
}

async function start<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  return work(signal)
}

/** Waits for a promise of ours as long as `signal` lets it. Leaves no listener. */
export function whileNotAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      promise.then(undefined, () => undefined)
      reject(signal.reason)
      return
    }
    const aborted = () => reject(signal.reason)
    signal.addEventListener('abort', aborted, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted))
  })
}
