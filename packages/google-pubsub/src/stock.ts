/** What waits in it: with a key, behind those of its key that came before. */
export interface Stocked {
  readonly key: string | undefined
  readonly bytes: number
}

/**
 * What was fetched and not handed out. What stands behind a message of its key that is out, say held for a retry, is handed out only
 * while less than half of the credit is: a key that is blocked leaves room for others, and a hot one is still pipelined. The order
 * within a key is kept always.
 */
export class Stock<T extends Stocked> {
  #items: T[] = []
  #bytes = 0
  readonly #out = new Set<T>()
  readonly #keysOut = new Map<string, number>()

  get size(): number {
    return this.#items.length
  }

  get bytes(): number {
    return this.#bytes
  }

  get out(): number {
    return this.#out.size
  }

  get items(): readonly T[] {
    return this.#items
  }

  add(items: readonly T[]): void {
    for (const item of items) {
      this.#items.push(item)
      this.#bytes += item.bytes
    }
  }

  /** Up to `max`, with at most `credit` out in all. */
  take(max: number, credit: number): T[] {
    const most = Math.min(max, credit - this.#out.size)
    if (most <= 0 || this.#items.length === 0) return []
    const taken: T[] = []
    const left: T[] = []
    const passed = new Set<string>()
    let index = 0
    for (; index < this.#items.length && taken.length < most; index += 1) {
      const item = this.#items[index]
      if (item === undefined) continue
      const { key } = item
      const behind = key !== undefined && (passed.has(key) || this.#keysOut.has(key))
      const mayFollow = behind && !passed.has(key) && this.#out.size < credit / 2
      if (!behind || mayFollow) {
        taken.push(item)
        this.#goes(item)
      } else {
        left.push(item)
        passed.add(key)
      }
    }
    this.#items = left.length === 0 ? this.#items.slice(index) : [...left, ...this.#items.slice(index)]
    for (const { bytes } of taken) this.#bytes -= bytes
    return taken
  }

  /** What was handed out is over: the next of its key may come. False where it was not out. */
  over(item: T): boolean {
    if (!this.#out.delete(item)) return false
    const { key } = item
    if (key === undefined) return true
    const left = (this.#keysOut.get(key) ?? 1) - 1
    if (left > 0) this.#keysOut.set(key, left)
    else this.#keysOut.delete(key)
    return true
  }

  /** Takes out what fits, oldest first, without handing it out. */
  remove(fits: (item: T) => boolean): T[] {
    const removed = this.#items.filter(fits)
    if (removed.length === 0) return removed
    const gone = new Set(removed)
    this.#items = this.#items.filter((item) => !gone.has(item))
    for (const { bytes } of removed) this.#bytes -= bytes
    return removed
  }

  /** Everything that was handed out is over; what waits is taken out, oldest first. */
  clear(): { readonly out: readonly T[]; readonly waiting: readonly T[] } {
    const cleared = { out: [...this.#out], waiting: this.#items }
    this.#out.clear()
    this.#keysOut.clear()
    this.#items = []
    this.#bytes = 0
    return cleared
  }

  #goes(item: T): void {
    this.#out.add(item)
    if (item.key !== undefined) this.#keysOut.set(item.key, (this.#keysOut.get(item.key) ?? 0) + 1)
  }
}
