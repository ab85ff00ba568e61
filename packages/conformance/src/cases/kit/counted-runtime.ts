import { randomBytes } from 'node:crypto'
import type { Runtime } from 'anybroker'

/** The time of this process, with a count of what was armed on it and not yet run or cancelled. */
export interface CountedRuntime {
  readonly runtime: Runtime
  /** The delays of the timers and sleeps that are still armed. */
  readonly pending: () => readonly number[]
}

export function countedRuntime(): CountedRuntime {
  const armed = new Map<symbol, number>()

  const timer: Runtime['timer'] = (delayMs, run) => {
    const it = Symbol('timer')
    armed.set(it, delayMs)
    const timeout = setTimeout(() => {
      armed.delete(it)
      run()
    }, delayMs)
    return () => {
      armed.delete(it)
      clearTimeout(timeout)
    }
  }

  const sleep: Runtime['sleep'] = (delayMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) throw signal.reason
      const aborted = (): void => {
        cancel()
        reject(signal?.reason)
      }
      const cancel = timer(delayMs, () => {
        signal?.removeEventListener('abort', aborted)
        resolve()
      })
      signal?.addEventListener('abort', aborted, { once: true })
    })

  return {
    runtime: {
      now: () => performance.now(),
      wallNow: () => Date.now(),
      timer,
      sleep,
      random: () => Math.random(),
      id: uuid,
      log: () => {},
    },
    pending: () => [...armed.values()],
  }
}

/** A UUIDv7, as a runtime must give. */
function uuid(): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(Date.now(), 0, 6)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
