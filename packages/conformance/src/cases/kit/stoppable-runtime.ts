import { randomUUID } from 'node:crypto'
import type { Runtime } from 'anybroker'

/** The time of this process, which can be made to stand still for whoever lives by its timers: a process that got no CPU. */
export interface StoppableRuntime {
  readonly runtime: Runtime
  /** No timer runs from now on. The clocks go on, as they do for a process that is suspended. */
  readonly stop: () => void
  /** What fell due meanwhile runs now, in the order in which it fell due. */
  readonly go: () => void
}

export function stoppableRuntime(): StoppableRuntime {
  let stopped = false
  const overdue = new Set<() => void>()

  const timer: Runtime['timer'] = (delayMs, run) => {
    const due = (): void => {
      if (stopped) overdue.add(due)
      else run()
    }
    const armed = setTimeout(due, delayMs)
    return () => {
      clearTimeout(armed)
      overdue.delete(due)
    }
  }

  const sleep: Runtime['sleep'] = (delayMs, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const abort = (): void => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = timer(delayMs, () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    })
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort, { once: true })
    return promise
  }

  return {
    runtime: {
      now: () => performance.now(),
      wallNow: () => Date.now(),
      timer,
      sleep,
      random: () => Math.random(),
      id: () => randomUUID(),
      log: () => {},
    },
    stop: () => {
      stopped = true
    },
    go: () => {
      stopped = false
      const now = [...overdue]
      for (const due of now) if (overdue.delete(due)) due()
    },
  }
}
