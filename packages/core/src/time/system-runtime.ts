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

/** Random bytes are drawn for a thousand ids at a time. */
const BYTES_PER_ID = 10
const pool = new Uint8Array(1000 * BYTES_PER_ID)
let used = pool.length

/** The id as text: eight digits of time, four of time, version and three, variant and three, twelve. Only what changes is written. */
const text = Buffer.from('00000000-0000-7000-8000-000000000000', 'latin1')
const TIME_AT = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12]
const RANDOM_AT = [15, 16, 17, 20, 21, 22, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35]
const VARIANT_AT = 19
const DIGITS = Buffer.from('0123456789abcdef', 'latin1')
let writtenAt = -1

/** UUIDv7: sorted by time, as databases and logs like it. One string and nothing else: most messages need one. */
function uuidv7(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const now = Date.now()
  if (now !== writtenAt) {
    const time = now.toString(16).padStart(TIME_AT.length, '0')
    for (const [index, at] of TIME_AT.entries()) text[at] = time.charCodeAt(index)
    writtenAt = now
  }
  for (let index = 0; index < RANDOM_AT.length; index++) {
    const byte = pool[used + (index >> 1)] ?? 0
    text[RANDOM_AT[index] ?? 0] = DIGITS[index % 2 === 0 ? byte >> 4 : byte & 0x0f] ?? 0
  }
  text[VARIANT_AT] = DIGITS[0x8 | ((pool[used + 9] ?? 0) & 0x3)] ?? 0
  used += BYTES_PER_ID
  return text.toString('latin1')
}
