import assert from 'node:assert/strict'
import { setTimeout as work } from 'node:timers/promises'
import type { Delivery } from 'anybroker'

/** The n-th message of a key. */
export interface Step {
  readonly key: string
  readonly n: number
}

/** What consumers were handed of each key, in which order, and what they had in hand at once. */
export class KeyHistory {
  /** Messages of one key that were in hand together, or out of step with their own key. */
  readonly overlaps: string[] = []
  readonly #first = new Map<string, number[]>()
  readonly #running = new Map<string, number>()

  /** A handler of a few milliseconds, more for some than for others, so that what may overtake does. */
  readonly handle = async (delivery: Delivery<Step>): Promise<void> => {
    const { key, n } = delivery.body
    assert.equal(delivery.key, key)
    const running = this.#running.get(key)
    if (running !== undefined && running !== n) this.overlaps.push(`${key}${n} beside ${key}${running}`)
    this.#running.set(key, n)
    const seen = this.#first.get(key) ?? []
    if (!seen.includes(n)) this.#first.set(key, [...seen, n])
    await work((n * 7 + key.length * 3) % 5)
    if (this.#running.get(key) === n) this.#running.delete(key)
  }

  /** Different messages that were delivered. */
  get size(): number {
    return this.#first.values().reduce((sum, seen) => sum + seen.length, 0)
  }

  /** Those of one key, in the order of their first deliveries. */
  of(key: string): readonly number[] {
    return this.#first.get(key) ?? []
  }

  /** 0, 1, 2, … of a key were first delivered in that order, and none is missing. */
  assertOrder(key: string, count: number): void {
    const expected = Array.from({ length: count }, (_, n) => n)
    assert.deepEqual([...this.of(key)], expected, `the order of key ${key}`)
  }
}
