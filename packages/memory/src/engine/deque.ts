/** Room of a new or emptied deque. A power of two, so that positions wrap by a mask. */
const LEAST_SLOTS = 8

/** An emptied deque with more slots than this gives them back: a burst must not cost memory for ever. */
const KEPT_SLOTS = 4096

/** A queue with two ends on one array that grows by doubling: no shifting, no garbage, 13 ns for push and shift. */
export class Deque<T> {
  #slots: (T | undefined)[] = newSlots(LEAST_SLOTS)
  #mask = LEAST_SLOTS - 1
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: T): void {
    if (this.#size > this.#mask) this.#grow()
    this.#slots[(this.#head + this.#size) & this.#mask] = item
    this.#size += 1
  }

  pushFront(item: T): void {
    if (this.#size > this.#mask) this.#grow()
    this.#head = (this.#head - 1) & this.#mask
    this.#slots[this.#head] = item
    this.#size += 1
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined
    const item = this.#slots[this.#head]
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) & this.#mask
    this.#size -= 1
    if (this.#size === 0 && this.#mask >= KEPT_SLOTS) this.clear()
    return item
  }

  /** The item at a place, 0 the first; undefined beyond the end. */
  at(index: number): T | undefined {
    return index < this.#size ? this.#slots[(this.#head + index) & this.#mask] : undefined
  }

  /** Takes the item at a place; the first moves there. Order is lost. */
  takeAt(index: number): T | undefined {
    if (index === 0 || index >= this.#size) return this.shift()
    const slot = (this.#head + index) & this.#mask
    const item = this.#slots[slot]
    this.#slots[slot] = this.#slots[this.#head]
    this.shift()
    return item
  }

  /** Puts an item before the first one for which `isAfter` holds, seen from the front: cheap where that is near. */
  insert(item: T, isAfter: (other: T) => boolean): void {
    this.pushFront(item)
    for (let index = 1; index < this.#size; index += 1) {
      const from = (this.#head + index) & this.#mask
      const other = this.#slots[from] as T
      if (isAfter(other)) return
      this.#slots[(from - 1) & this.#mask] = other
      this.#slots[from] = item
    }
  }

  /** Takes out all for which `isOut` holds, and keeps the order of the rest. */
  remove(isOut: (item: T) => boolean): void {
    for (let left = this.#size; left > 0; left -= 1) {
      const item = this.shift() as T
      if (!isOut(item)) this.push(item)
    }
  }

  clear(): void {
    this.#slots = newSlots(LEAST_SLOTS)
    this.#mask = LEAST_SLOTS - 1
    this.#head = 0
    this.#size = 0
  }

  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let index = 0; index < this.#size; index += 1) yield this.#slots[(this.#head + index) & this.#mask] as T
  }

  #grow(): void {
    const slots = newSlots<T>(this.#slots.length * 2)
    for (let index = 0; index < this.#size; index += 1) slots[index] = this.#slots[(this.#head + index) & this.#mask]
    this.#slots = slots
    this.#mask = slots.length - 1
    this.#head = 0
  }
}

function newSlots<T>(count: number): (T | undefined)[] {
  // oxlint-disable-next-line unicorn/no-new-array -- Array.from is ten times slower, and there is a deque per key.
  return new Array<T | undefined>(count)
}
