import { randomFillSync } from 'node:crypto'
import type { LogLevel, Runtime } from '@anybroker/driver'

/** The runtime of a real process. */
export function systemRuntime(log: Runtime['log'] = emitWarning): Runtime {
  return {
    now: () => performance.now(),
    wallNow: () => Date.now(),
    timer: (delayMs, run) => {
      const timer = setTimeout(run, Math.min(Math.ceil(Math.max(0, delayMs)), LONGEST_TIMER_MS))
      return () => clearTimeout(timer)
    },
    sleep,
    random: Math.random,
    id: uuidv7,
    log,
  }
}

/** `setTimeout` fires at once beyond 2³¹−1 ms. Whoever waits longer is woken early and looks at the clock again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

function emitWarning(level: LogLevel, message: string): void {
  if (level === 'warn' || level === 'error') process.emitWarning(message, { type: 'anybroker' })
}

function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason)
      return
    }
    const abort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      },
      Math.min(Math.ceil(delayMs), LONGEST_TIMER_MS),
    )
    signal?.addEventListener('abort', abort, { once: true })
  })
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const pool = new Uint8Array(1600)
let used = pool.length
/** The time in front of an id: the same for all of one millisecond. */
let prefix = ''
let prefixAt = -1

/** Sorted by time, as databases and logs like it; random bytes are drawn a hundred ids at a time. */
function uuidv7(): string {
  if (used + 10 > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const now = Date.now()
  if (now !== prefixAt) {
    const at = now.toString(16).padStart(12, '0')
    prefix = `${at.slice(0, 8)}-${at.slice(8)}-`
    prefixAt = now
  }
  const byte = (offset: number) => pool[used + offset] ?? 0
  const hex = (offset: number) => HEX[byte(offset)] ?? '00'
  const version = HEX[0x70 | (byte(0) & 0x0f)] ?? '70'
  const variant = HEX[0x80 | (byte(2) & 0x3f)] ?? '80'
  const id = `${prefix}${version}${hex(1)}-${variant}${hex(3)}-${hex(4)}${hex(5)}${hex(6)}${hex(7)}${hex(8)}${hex(9)}`
  used += 10
  return id
}
