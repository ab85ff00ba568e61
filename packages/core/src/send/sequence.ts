import type { Item } from './item.ts'

/**
 * Which message goes next. Unordered: first come, first served. Ordered: a lane per key, of which one batch at a time is with the
 * broker; a message that failed goes back to the head of its lane, so that nothing of its key passes it (O1).
 */
export class Sequence {
  readonly #ordered: boolean
  #free: Item[] = []
  #head = 0
  readonly #lanes = new Map<string, Lane>()
  /** Lanes that have something to send and nothing with the broker, in turn. */
  readonly #idle = new Set<Lane>()
  #size = 0

  constructor(ordered: boolean) {
    this.#ordered = ordered
  }

  /** What could go now: messages without a lane, and lanes of which one could. */
  get size(): number {
    return this.#size
  }

  add(item: Item): void {
    item.state = 'ready'
    const lane = this.#laneOf(item)
    if (lane === undefined) {
      this.#free.push(item)
      this.#size += 1
      return
    }
    lane.items.push(item)
    if (!lane.busy && !this.#idle.has(lane)) {
      this.#idle.add(lane)
      this.#size += 1
    }
  }

  /** Takes the next batch. `perKey` is how many of one key may go together. */
  take(max: number, maxBytes: number, perKey: number): Item[] {
    const batch: Item[] = []
    let bytes = 0
    const fits = (item: Item) => batch.length < max && (batch.length === 0 || bytes + item.bytes <= maxBytes)
    const put = (item: Item) => {
      item.state = 'sending'
      batch.push(item)
      bytes += item.bytes
    }
    for (let next = this.#free[this.#head]; next !== undefined; next = this.#free[this.#head]) {
      if (next.state === 'ready') {
        if (!fits(next)) break
        this.#size -= 1
        put(next)
      }
      this.#head += 1
    }
    this.#trim()
    for (const lane of this.#idle) {
      for (let taken = 0; taken < perKey; taken++) {
        const item = lane.items[0]
        if (item === undefined || !fits(item)) break
        lane.items.shift()
        put(item)
        lane.out += 1
      }
      if (lane.out === 0) break
      lane.busy = true
      this.#idle.delete(lane)
      this.#size -= 1
    }
    return batch
  }

  /** Back to the head: those of one key in their order. The lane stays shut until `open`. */
  putBack(items: readonly Item[]): void {
    for (let index = items.length - 1; index >= 0; index--) {
      const item = items[index]
      if (item === undefined) continue
      const lane = this.#laneOf(item)
      if (lane !== undefined) {
        item.state = 'backing-off'
        lane.items.unshift(item)
      }
    }
  }

  /** The batch that held these lanes is over: whatever is in them may go. */
  open(items: readonly Item[]): void {
    for (const item of items) {
      const lane = item.wire.key === undefined ? undefined : this.#lanes.get(item.wire.key)
      if (lane === undefined || !this.#ordered) continue
      lane.out = 0
      lane.busy = false
      for (const waiting of lane.items) waiting.state = 'ready'
      if (lane.items.length === 0) {
        this.#lanes.delete(lane.key)
        if (this.#idle.delete(lane)) this.#size -= 1
      } else if (!this.#idle.has(lane)) {
        this.#idle.add(lane)
        this.#size += 1
      }
    }
  }

  /** Takes a message out that is over before it went. To be called before its state changes. */
  remove(item: Item): void {
    const lane = item.wire.key === undefined || !this.#ordered ? undefined : this.#lanes.get(item.wire.key)
    if (lane === undefined) {
      if (item.state === 'ready') this.#size -= 1
      return
    }
    const index = lane.items.indexOf(item)
    if (index >= 0) lane.items.splice(index, 1)
    if (lane.items.length === 0 && !lane.busy) {
      this.#lanes.delete(lane.key)
      if (this.#idle.delete(lane)) this.#size -= 1
    }
  }

  /** What waits behind a message of this key. */
  behind(item: Item): readonly Item[] {
    if (!this.#ordered || item.wire.key === undefined) return []
    return (this.#lanes.get(item.wire.key)?.items ?? []).filter((other) => other !== item)
  }

  #laneOf(item: Item): Lane | undefined {
    const { key } = item.wire
    if (!this.#ordered || key === undefined) return undefined
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      lane = { key, items: [], busy: false, out: 0 }
      this.#lanes.set(key, lane)
    }
    return lane
  }

  #trim(): void {
    if (this.#head < 1024 && this.#head < this.#free.length) return
    this.#free = this.#free.slice(this.#head)
    this.#head = 0
  }
}

interface Lane {
  readonly key: string
  readonly items: Item[]
  busy: boolean
  /** How many of it are with the broker. */
  out: number
}
