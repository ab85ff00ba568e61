import type { Entry } from './entry.ts'
import type { Holder } from './holder.ts'
import { Lane, LaneList } from './lane.ts'

/**
 * What waits in an ordered backlog, by key. Within a key strictly by sequence, and to one receiver at a time; among keys by turns,
 * those first that nobody holds, so that one long lane doesn't fill a receiver's credit while other keys wait.
 */
export class Lanes {
  readonly #byKey = new Map<string, Lane>()
  readonly #free = new LaneList()
  #waiting = 0
  #blocked = 0

  /** Entries that could be handed out, as far as their own time goes: those behind a blocked one included. */
  get ready(): number {
    return this.#waiting - this.#blocked
  }

  /** Puts an entry at its place. With a `dueAt` it blocks what is behind it until `wake`. */
  put(entry: Entry, key: string): void {
    let lane = this.#byKey.get(key)
    if (lane === undefined) this.#byKey.set(key, (lane = new Lane(key)))
    entry.lane = lane
    lane.insert(entry)
    this.#waiting += 1
    if (entry.dueAt > 0) this.#blocked += 1
    this.#place(lane)
  }

  /** The time of a blocked entry has come. */
  wake(entry: Entry): void {
    entry.dueAt = 0
    this.#blocked -= 1
    if (entry.lane !== undefined) this.#place(entry.lane)
  }

  /** The next entry for this receiver, now in its hands. */
  next(holder: Holder): Entry | undefined {
    const lane = this.#free.first ?? holder.lanes.first
    const entry = lane?.waiting.shift()
    if (lane === undefined || entry === undefined) return undefined
    this.#waiting -= 1
    lane.holder = holder
    lane.inHand += 1
    lane.list?.remove(lane)
    this.#place(lane)
    return entry
  }

  /** A delivery of this lane left the hands of its holder, for good or, after `put`, to be delivered again. */
  left(lane: Lane): void {
    lane.inHand -= 1
    if (lane.inHand === 0) lane.holder = undefined
    this.#tidy(lane)
  }

  /** Drops waiting entries that are not blocked, and tells each. */
  drop(isOut: (entry: Entry) => boolean): void {
    for (const lane of this.#byKey.values()) {
      const before = lane.waiting.size
      lane.waiting.remove((entry) => entry.dueAt === 0 && isOut(entry))
      this.#waiting -= before - lane.waiting.size
      this.#tidy(lane)
    }
  }

  /** Drops all that waits, blocked or not, and tells each. */
  clear(dropped: (entry: Entry) => void): void {
    for (const lane of this.#byKey.values()) {
      for (const entry of lane.waiting) dropped(entry)
      lane.waiting.clear()
      this.#tidy(lane)
    }
    this.#waiting = 0
    this.#blocked = 0
  }

  /** All that waits, lane by lane. */
  *[Symbol.iterator](): Generator<Entry, void, undefined> {
    for (const lane of this.#byKey.values()) yield* lane.waiting
  }

  #tidy(lane: Lane): void {
    this.#place(lane)
    if (lane.inHand === 0 && lane.waiting.size === 0) this.#byKey.delete(lane.key)
  }

  #place(lane: Lane): void {
    const list = lane.ready ? (lane.holder?.lanes ?? this.#free) : undefined
    if (lane.list === list) return
    lane.list?.remove(lane)
    list?.append(lane)
  }
}
