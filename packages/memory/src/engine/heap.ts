/** What a heap sorts by: a time, and then the order in which things came. */
export interface Due {
  readonly dueAt: number
  readonly sequence: number
}

/** The earliest first. Only what has to wait for its time goes through here. */
export class Heap<T extends Due> {
  #items: T[] = []

  get size(): number {
    return this.#items.length
  }

  /** The earliest, or undefined. */
  get first(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    const items = this.#items
    let index = items.length
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = items[above] as T
      if (!before(item, parent)) break
      items[index] = parent
      index = above
    }
    items[index] = item
  }

  pop(): T | undefined {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    if (last === undefined || items.length === 0) return first
    const half = items.length >> 1
    let index = 0
    while (index < half) {
      let below = 2 * index + 1
      let child = items[below] as T
      const right = items[below + 1]
      if (right !== undefined && before(right, child)) {
        below += 1
        child = right
      }
      if (!before(child, last)) break
      items[index] = child
      index = below
    }
    items[index] = last
    return first
  }

  clear(): void {
    this.#items = []
  }

  /** In no particular order. */
  [Symbol.iterator](): Iterator<T> {
    return this.#items[Symbol.iterator]()
  }
}

function before(a: Due, b: Due): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.sequence < b.sequence)
}
