/** What to write: everything up to and including `upTo` at once, then each of `single`. */
export interface AckFrames {
  readonly upTo: number | undefined
  readonly single: readonly number[]
}

/**
 * The delivery tags of one channel, which count from 1. Acks of a contiguous run from the lowest unsettled tag become one frame;
 * those behind a gap go one by one, because their credit is wanted back.
 */
export class AckLedger {
  /** Everything below is settled. */
  #lowest = 1
  readonly #acked = new Set<number>()
  readonly #gone = new Set<number>()

  ack(tag: number): void {
    this.#acked.add(tag)
  }

  /** Settled in another way: given back. */
  gone(tag: number): void {
    this.#gone.add(tag)
  }

  flush(): AckFrames {
    let upTo: number | undefined
    for (;;) {
      const isAcked = this.#acked.delete(this.#lowest)
      if (isAcked) upTo = this.#lowest
      else if (!this.#gone.delete(this.#lowest)) break
      this.#lowest += 1
    }
    const single = [...this.#acked]
    for (const tag of single) this.#gone.add(tag)
    this.#acked.clear()
    return { upTo, single }
  }
}
