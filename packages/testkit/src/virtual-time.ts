import type { LogLevel, Runtime } from '@anybroker/driver'
import { seededRandom } from './seeded-random.ts'

export interface VirtualTimeOptions {
  /** Whole number; equal seeds give equal `random()` and `id()`. Default 1. */
  readonly seed?: number
  /** What the wall clock shows at first. Default 2026-01-01T00:00:00Z. */
  readonly startAt?: Date
}

export interface LogEntry {
  /** `runtime.now()` when it was said. */
  readonly at: number
  readonly level: LogLevel
  readonly message: string
  readonly facts: Readonly<Record<string, unknown>>
}

/** A clock that stands still until told to move, and the runtime that lives by it. */
export interface VirtualTime {
  readonly runtime: Runtime
  /**
   * Moves the clock by `ms`. Whatever falls due on the way runs at its own time, in order of time, then of arming; between any two
   * timers everything that needs no time settles (see `idle`). Rejects with what a timer threw. One call at a time.
   */
  advance(ms: number): Promise<void>
  /**
   * Moves the clock until `work` has settled, timer by timer, and answers as `work` does.
   *
   * @throws When it is still pending after `withinMs` (default an hour) of virtual time, or when no timer is left that could end it.
   */
  until<T>(work: PromiseLike<T>, withinMs?: number): Promise<T>
  /** Lets promises, microtasks and `setImmediate` turns settle, and runs timers that are due now. Time stands still. */
  idle(): Promise<void>
  /** As `runtime.now()`. */
  now(): number
  /** Timers and sleeps that are armed now: 0 where nothing was left behind. */
  pending(): number
  /** Lets the wall clock leap, as a time server does; `now()` and timers do not feel it. */
  leapWall(ms: number): void
  /** What `runtime.log` was told, oldest first. */
  readonly logged: readonly LogEntry[]
}

/**
 * The origin of `now()`, round so that figures in failures can be read, and not zero so that a forgotten `now()` shows.
 */
const ORIGIN_MS = 1_000_000

/**
 * Code at rest is recognised by this many turns of the event loop in which nobody touched the runtime. A turn drains all
 * microtasks, so any chain of promises costs one; what costs more are chains of `setImmediate` and of queued streams, each link
 * one turn. Too small and time moves under code that still runs; too large and every timer costs that many turns (about 2 µs
 * each).
 */
const QUIET_TURNS = 6

/** Code that still touches the runtime after so many turns, or arms so many timers for one instant, spins and never rests. */
const MOST_TURNS = 100_000

const HOUR_MS = 3_600_000

interface Timer {
  readonly due: number
  readonly order: number
  readonly run: () => void
}

/**
 * Virtual time, seeded chance and a log that can be read: a `Runtime` for simulations in which hours pass in milliseconds and a
 * failure is repeated by its seed. The code under test may use promises, `queueMicrotask`, `process.nextTick` and `setImmediate`
 * beside the runtime; real timers, sockets and files are beyond it.
 *
 * @example A retry after a minute
 * ```ts
 * const time = virtualTime({ seed: 7 })
 * let done = false
 * void time.runtime.sleep(60_000).then(() => (done = true))
 * await time.advance(60_000)
 * expect(done).toBe(true)
 * ```
 */
export function virtualTime(options: VirtualTimeOptions = {}): VirtualTime {
  const { seed = 1, startAt = new Date('2026-01-01T00:00:00Z') } = options
  if (!Number.isSafeInteger(seed)) throw new TypeError(`seed must be a whole number, not ${String(seed)}`)
  if (Number.isNaN(startAt.getTime())) throw new TypeError('startAt must be a valid Date')
  const random = seededRandom(seed)
  // Apart, so that drawing an id does not change what chance brings next.
  const randomOfIds = seededRandom(seed ^ 0x1d5)
  const timers: Timer[] = []
  const logged: LogEntry[] = []
  let now = ORIGIN_MS
  let wallOffset = startAt.getTime() - ORIGIN_MS
  let armed = 0
  let ids = 0
  let touched = 0
  let moving = false

  /** The first index whose timer is not before (due, order). */
  function place(due: number, order: number): number {
    let low = 0
    let high = timers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const timer = timers[middle]
      if (timer && (timer.due < due || (timer.due === due && timer.order < order))) low = middle + 1
      else high = middle
    }
    return low
  }

  function arm(delayMs: number, run: () => void): () => void {
    if (typeof delayMs !== 'number' || Number.isNaN(delayMs)) {
      throw new TypeError(`delayMs must be a number, not ${String(delayMs)}`)
    }
    touched += 1
    const timer = { due: now + Math.max(0, delayMs), order: (armed += 1), run }
    timers.splice(place(timer.due, timer.order), 0, timer)
    return () => {
      touched += 1
      const index = place(timer.due, timer.order)
      if (timers[index] === timer) timers.splice(index, 1)
    }
  }

  async function settle(): Promise<void> {
    let quiet = 0
    for (let turn = 0; quiet < QUIET_TURNS; turn += 1) {
      if (turn === MOST_TURNS)
        throw new Error(`virtualTime: the code under test still runs after ${turn} turns at ${now}`)
      const before = touched
      await new Promise<void>((resolve) => setImmediate(resolve))
      quiet = touched === before ? quiet + 1 : 0
    }
  }

  /** Runs the next timer if it is due by `end`. */
  async function step(end: number): Promise<boolean> {
    const next = timers[0]
    if (next === undefined || next.due > end) return false
    timers.shift()
    now = Math.max(now, next.due)
    next.run()
    await settle()
    return true
  }

  async function move(work: () => Promise<void>): Promise<void> {
    if (moving) throw new Error('virtualTime: advance, until and idle run one at a time')
    moving = true
    try {
      await settle()
      await work()
    } finally {
      moving = false
    }
  }

  async function runTo(end: number): Promise<void> {
    let instant = now
    for (let steps = 0; await step(end); steps += 1) {
      if (now !== instant) steps = 0
      instant = now
      if (steps === MOST_TURNS) throw new Error(`virtualTime: ${steps} timers ran at ${now} and more are due`)
    }
    now = end
  }

  async function advance(ms: number): Promise<void> {
    if (!Number.isFinite(ms) || ms < 0) throw new TypeError(`ms must be 0 or more, not ${String(ms)}`)
    await move(() => runTo(now + ms))
  }

  async function until<T>(work: PromiseLike<T>, withinMs: number = HOUR_MS): Promise<T> {
    let settled = false
    const note = () => void (settled = true)
    work.then(note, note)
    await move(async () => {
      const end = now + withinMs
      while (!settled) {
        if (await step(end)) continue
        const why = timers.length === 0 ? 'and no timer is armed' : `after ${withinMs} ms`
        throw new Error(`virtualTime: the promise is still pending ${why}`)
      }
    })
    return work
  }

  function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      if (signal?.aborted) throw signal.reason
      const disarm = arm(delayMs, () => {
        signal?.removeEventListener('abort', aborted)
        resolve()
      })
      function aborted(): void {
        disarm()
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', aborted, { once: true })
    })
  }

  const runtime: Runtime = {
    now: () => now,
    wallNow: () => now + wallOffset,
    timer: arm,
    sleep,
    random() {
      touched += 1
      return random()
    },
    id() {
      touched += 1
      return uuid(now + wallOffset, randomOfIds, (ids += 1))
    },
    log(level, message, facts = {}) {
      logged.push({ at: now, level, message, facts })
    },
  }

  return {
    runtime,
    advance,
    until,
    idle: () => advance(0),
    now: () => now,
    pending: () => timers.length,
    leapWall(ms) {
      wallOffset += ms
    },
    logged,
  }
}

/** UUIDv7: 48 bits of time, 42 of chance, and a count in the last 32, which alone makes it unique. */
function uuid(wallMs: number, random: () => number, count: number): string {
  const hex = (value: number, digits: number) => Math.floor(value).toString(16).padStart(digits, '0')
  const time = hex(wallMs, 12)
  const high = hex(random() * 0x1000, 3)
  const variant = hex(0x8000 + random() * 0x4000, 4)
  const node = hex(random() * 0x10000, 4) + hex(count % 0x1_0000_0000, 8)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${high}-${variant}-${node}`
}
