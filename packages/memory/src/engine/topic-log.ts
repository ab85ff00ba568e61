import { Deque } from './deque.ts'
import type { Stored } from './entry.ts'
import { ENTRY_BYTES } from './room.ts'

/** 7 days: what the contract asks of topics. */
export const LOG_RETENTION_MS: number = 7 * 86_400_000

interface Logged {
  readonly stored: Stored
  /** Wall clock. */
  readonly publishedAt: number
}

/** What was published to a topic, for `seek` and `earliest`: as much of the end as fits into its bytes, and no older than 7 days. */
export class TopicLog {
  readonly #maxBytes: number
  readonly #logged = new Deque<Logged>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  append(stored: Stored, wallNow: number): void {
    this.#logged.push({ stored, publishedAt: wallNow })
    this.#bytes += stored.bytes + ENTRY_BYTES
    while (this.#bytes > this.#maxBytes) this.#dropFirst()
    this.#trim(wallNow)
  }

  /** What was published at `since` or after, oldest first. */
  since(since: number, wallNow: number): Stored[] {
    this.#trim(wallNow)
    const found: Stored[] = []
    for (const { stored, publishedAt } of this.#logged) if (publishedAt >= since) found.push(stored)
    return found
  }

  #trim(wallNow: number): void {
    for (let first = this.#logged.at(0); first !== undefined; first = this.#logged.at(0)) {
      if (first.publishedAt > wallNow - LOG_RETENTION_MS) return
      this.#dropFirst()
    }
  }

  #dropFirst(): void {
    const first = this.#logged.shift()
    if (first !== undefined) this.#bytes -= first.stored.bytes + ENTRY_BYTES
  }
}
