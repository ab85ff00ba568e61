/** What can be in one `Linked`. Set by it alone. */
export interface Links<T> {
  before?: T | undefined
  after?: T | undefined
}

/**
 * A set, in the order of arrival, of objects that carry the links themselves. What left it is not held by anything: the outgrown
 * tables of a large busy `Set` keep what was in them, and all that hangs on it, until the next full collection of garbage.
 */
export class Linked<T extends Links<T>> {
  #first: T | undefined
  #last: T | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  /** At the end. It must not be in here, nor in another. */
  add(item: T): void {
    item.before = this.#last
    if (this.#last === undefined) this.#first = item
    else this.#last.after = item
    this.#last = item
    this.#size += 1
  }

  /** It must be in here. */
  delete(item: T): void {
    if (item.before === undefined) this.#first = item.after
    else item.before.after = item.after
    if (item.after === undefined) this.#last = item.before
    else item.after.before = item.before
    item.before = undefined
    item.after = undefined
    this.#size -= 1
  }

  /** A copy: whoever walks it may delete. */
  all(): T[] {
    const items: T[] = []
    for (let item = this.#first; item !== undefined; item = item.after) items.push(item)
    return items
  }
}
