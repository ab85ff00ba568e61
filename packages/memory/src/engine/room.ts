import type { Stored } from './entry.ts'

/**
 * What one entry costs beside the body and headers: the entry, its slot in the ring and, in hand, the delivery. A queued message of
 * 60 bytes was measured at about 300 bytes of heap; too small and a backlog of tiny messages outgrows `maxBytes`.
 */
export const ENTRY_BYTES = 128

/** `unblocked` is told below this part of `maxBytes`, not at the first free byte, so that it does not flutter. */
const RELIEF = 0.9

/** Bytes in use by everything stored; each message is counted once, however many backlogs share it. */
export class Room {
  readonly maxBytes: number
  #used = 0
  #reliefAt = -1
  #waiting: { readonly below: number; readonly tell: () => void }[] = []

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  get used(): number {
    return this.#used
  }

  fits(bytes: number): boolean {
    return this.#used + bytes <= this.maxBytes
  }

  take(bytes: number): void {
    this.#used += bytes
  }

  free(bytes: number): void {
    this.#used -= bytes
    if (this.#used <= this.#reliefAt) this.#relieve()
  }

  /** What one entry more takes. */
  needs(stored: Stored): number {
    return stored.entries === 0 ? stored.bytes + 2 * ENTRY_BYTES : ENTRY_BYTES
  }

  /** An entry more points to the message. */
  enter(stored: Stored): void {
    this.take(this.needs(stored))
    stored.entries += 1
  }

  /** An entry less. */
  leave(stored: Stored): void {
    stored.entries -= 1
    this.free(this.needs(stored))
  }

  /** Tells once when so many bytes would fit and a tenth is free. */
  whenFits(bytes: number, tell: () => void): void {
    const below = Math.min(this.maxBytes * RELIEF, this.maxBytes - bytes)
    this.#waiting.push({ below, tell })
    this.#reliefAt = Math.max(this.#reliefAt, below)
  }

  #relieve(): void {
    const relieved = this.#waiting.filter(({ below }) => this.#used <= below)
    this.#waiting = this.#waiting.filter(({ below }) => this.#used > below)
    this.#reliefAt = Math.max(-1, ...this.#waiting.map(({ below }) => below))
    for (const { tell } of relieved) tell()
  }
}
