/** So many are remembered, the youngest. */
const MOST = 20_000

/** For all connections of this process, by where they go. */
const ALL = new Map<string, Discounts>()

export function discountsOf(endpoint: string): Discounts {
  const known = ALL.get(endpoint) ?? new Discounts()
  ALL.set(endpoint, known)
  return known
}

/**
 * What the service counted for messages that this process took and gave back before a handler saw them, by their ids. The service counts
 * every delivery; here those are taken off again, as long as this process gets the message.
 */
export class Discounts {
  readonly #counts = new Map<string, number>()

  of(path: string, messageId: string): number {
    return this.#counts.get(`${path} ${messageId}`) ?? 0
  }

  set(path: string, messageId: string, count: number): void {
    const key = `${path} ${messageId}`
    // At the end again: what was given back last is remembered longest.
    this.#counts.delete(key)
    if (count <= 0) return
    this.#counts.set(key, count)
    if (this.#counts.size <= MOST) return
    const [oldest] = this.#counts.keys()
    if (oldest !== undefined) this.#counts.delete(oldest)
  }
}
