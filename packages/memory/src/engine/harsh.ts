/** An unordered message is picked among so many at the head. */
const DISORDER = 16

/** An acked unordered message comes again: one in so many, once each. */
const DUPLICATE_ONE_IN = 32

/** A session is lost at one in so many receives that find something, and never sooner than `QUIET_RECEIVES` after the last. */
const LOSS_ONE_IN = 400
const QUIET_RECEIVES = 100

/** What is asked for is given by that part; the end of a lease is noticed late by up to as much again. */
const LEASE_PART = 1 / 3

/** What a broker may do at its worst and still keep its word, drawn from a seed. */
export class Harsh {
  readonly #random: () => number
  #receives = 0

  constructor(seed: number) {
    this.#random = mulberry32(seed)
  }

  /** Which of the waiting is next. */
  pick(waiting: number): number {
    return Math.floor(this.#random() * Math.min(waiting, DISORDER))
  }

  lease(askedMs: number): number {
    return askedMs * LEASE_PART
  }

  /** How long after its end a lease of this length is taken back. */
  lateness(leaseMs: number): number {
    return this.#random() * leaseMs
  }

  repeats(): boolean {
    return this.#random() * DUPLICATE_ONE_IN < 1
  }

  /** Whether a session ends now: the receiver's, or the whole connection's. */
  loss(): 'receiver' | 'connection' | undefined {
    this.#receives += 1
    if (this.#receives <= QUIET_RECEIVES || this.#random() * LOSS_ONE_IN >= 1) return undefined
    this.#receives = 0
    return this.#random() < 2 / 3 ? 'receiver' : 'connection'
  }
}

/** 32 bits of state; equal seeds give equal numbers. https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32 */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
