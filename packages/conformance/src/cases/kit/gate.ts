import type { Context } from '../../case.ts'

/** Holds handlers until it is opened; opened at the latest when the case ends, so that nothing hangs in its close. */
export interface Gate {
  readonly opened: Promise<void>
  readonly open: () => void
}

export function gate(t: Context): Gate {
  const { promise, resolve } = Promise.withResolvers<void>()
  t.after(() => resolve())
  return { opened: promise, open: () => resolve() }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  else signal.addEventListener('abort', () => resolve(), { once: true })
  return promise
}
