import type { Item } from './item.ts'

/** Calls that wait for the window may hold this many windows of bytes; more is refused at once, because the heap has an end too. */
const WAITING_WINDOWS = 16

/** What may be on its way at once, in count and bytes (B3), and who waits for room, in the order in which they came. */
export class Window {
  readonly #maxMessages: number
  readonly #maxBytes: number
  readonly #admit: (item: Item) => void
  readonly #waiting = new Map<Item, (() => void) | undefined>()
  #waitingBytes = 0
  #messages = 0
  #bytes = 0

  /** `admit` is called for each message when it is in. */
  constructor(maxMessages: number, maxBytes: number, admit: (item: Item) => void) {
    this.#maxMessages = maxMessages
    this.#maxBytes = maxBytes
    this.#admit = admit
  }

  /** Bytes that wait for room. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Lets it in, now or when there is room, and then calls `admitted`. False: too much waits already. */
  enter(item: Item, admitted: (() => void) | undefined): boolean {
    if (this.#waiting.size === 0 && this.#fits(item)) {
      this.#let(item, admitted)
      return true
    }
    if (this.#waitingBytes + item.bytes > this.#maxBytes * WAITING_WINDOWS) return false
    this.#waitingBytes += item.bytes
    this.#waiting.set(item, admitted)
    return true
  }

  /** It is over: makes room for those who wait. */
  leave(item: Item): void {
    if (this.#waiting.delete(item)) {
      this.#waitingBytes -= item.bytes
      return
    }
    this.#messages -= 1
    this.#bytes -= item.bytes
    for (const [next, admitted] of this.#waiting) {
      if (!this.#fits(next)) return
      this.#waiting.delete(next)
      this.#waitingBytes -= next.bytes
      this.#let(next, admitted)
    }
  }

  /** One message fits into an empty window, however large it is. */
  #fits(item: Item): boolean {
    if (this.#messages === 0) return true
    return this.#messages < this.#maxMessages && this.#bytes + item.bytes <= this.#maxBytes
  }

  #let(item: Item, admitted: (() => void) | undefined): void {
    this.#messages += 1
    this.#bytes += item.bytes
    this.#admit(item)
    admitted?.()
  }
}
