/** One thing to measure. Names are part of the table: `core: send, async handler 100`. */
export interface BenchCase {
  readonly name: string
  /** Gets everything ready that is not measured. */
  readonly start: () => Promise<Started>
}

export interface Started {
  /** Carries so many messages from the sender to the end of their handling; called to warm up, then once to be measured. */
  readonly run: (messages: number) => Promise<void>
  /** Nanoseconds of each message of the last `run`, where the case measures latency. */
  readonly latencies?: () => readonly number[]
  readonly close: () => Promise<void>
}

/** What one broker is measured by. */
export interface BrokerBench {
  readonly cases: readonly BenchCase[]
  /** The name of the case that all others are told as a ratio of. */
  readonly yardstick: string
}

/** What a child process tells of one case in one round. */
export interface Measured {
  readonly messagesPerSecond: number
  readonly cpuMicrosPerMessage: number
  readonly latencyMicros?: { readonly p50: number; readonly p99: number }
}

/** The size of every body. */
export const BODY_BYTES = 256

/** So many messages are sent before the first of them is waited for: the default window of a sender. */
const WINDOW = 1000

/** So many may be sent and not handled yet: else a sender that is faster than the handlers measures how a backlog grows. */
const BACKLOG = WINDOW

/** Sends `messages` in windows, each waited for as a whole; `send` gets the size of its window. */
export async function inWindows(
  messages: number,
  send: (count: number) => Promise<unknown>,
  handled?: Countdown,
): Promise<void> {
  for (let left = messages; left > 0; left -= WINDOW) {
    await send(Math.min(WINDOW, left))
    await handled?.reached(left - WINDOW + BACKLOG)
  }
}

/** Counts handled messages down. */
export class Countdown {
  #left = 0
  #wanted = 0
  #reached: () => void = () => undefined

  expect(count: number): void {
    this.#left = count
  }

  /** Resolves when no more than `left` are left. One waits at a time. */
  reached(left: number): Promise<void> {
    if (this.#left <= left) return Promise.resolve()
    this.#wanted = left
    return new Promise((resolve) => {
      this.#reached = resolve
    })
  }

  readonly count = (): void => {
    this.#left -= 1
    if (this.#left === this.#wanted) this.#reached()
  }
}
