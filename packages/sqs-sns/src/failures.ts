import { describeError } from './errors.ts'

/** Between polls that fail: from, to. */
const FIRST_BACKOFF_MS = 100
const LAST_BACKOFF_MS = 5_000

/** A queue that was just made may be unknown somewhere: so often in a row it must be missing. */
const MISSING_POLLS = 3

/** Polls that failed one after the other, and whether another is worth it. */
export class Failures {
  #count = 0
  #missing = 0
  /** What the last one met. */
  last: unknown

  get count(): number {
    return this.#count
  }

  /** One went well. */
  over(): void {
    this.#count = 0
    this.#missing = 0
  }

  /** How long to rest before the next poll; undefined where none will help. `random` is from [0, 1). */
  next(error: unknown, random: number): number | undefined {
    this.last = error
    this.#count += 1
    const { code, retryable } = describeError(error)
    this.#missing = code === 'NOT_FOUND' ? this.#missing + 1 : 0
    if (code === 'NOT_FOUND' ? this.#missing >= MISSING_POLLS : !retryable) return undefined
    const most = Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(this.#count - 1, 10))
    return most * (0.5 + random / 2)
  }
}
