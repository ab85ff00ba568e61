/**
 * One life of a channel, an assignment or a stream. A receipt remembers its epoch; once that has ended, settling it is `lost` and
 * never reaches the broker, where its number may by then belong to another message.
 */
export class Epoch {
  #ended = false
  #reason = ''

  get ended(): boolean {
    return this.#ended
  }

  /** Why it ended; empty while it lasts. */
  get reason(): string {
    return this.#reason
  }

  /** Ends it for good. The first reason stays. */
  end(reason: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#reason = reason
  }
}

/** What settles one delivery: the broker's own handle within one epoch. Settled at most once. */
export class EpochReceipt<Handle> {
  readonly handle: Handle
  readonly epoch: Epoch
  #spent = false

  constructor(handle: Handle, epoch: Epoch) {
    this.handle = handle
    this.epoch = epoch
  }

  /** Whether it can still be settled. */
  get live(): boolean {
    return !this.#spent && !this.epoch.ended
  }

  /** The handle, once: undefined when the epoch has ended or it was taken before. */
  take(): Handle | undefined {
    if (!this.live) return undefined
    this.#spent = true
    return this.handle
  }
}
