import { Deque } from './deque.ts'
import type { Entry } from './entry.ts'
import { Heap } from './heap.ts'
import type { Holder } from './holder.ts'
import { Lanes } from './lanes.ts'
import type { Room } from './room.ts'
import type { Harsh } from './harsh.ts'

/** What a backlog needs of its store. */
export interface BacklogStore {
  readonly room: Room
  readonly harsh: Harsh | undefined
  nextSequence(): number
}

/**
 * What waits in one queue, subscription, dead-letter queue or inbox: a ring for what has no order, lanes for keys, and a heap for
 * what waits for its time. Whoever holds deliveries is `Source`'s business.
 */
export class Backlog {
  readonly #store: BacklogStore
  readonly #ready = new Deque<Entry>()
  readonly #lanes: Lanes | undefined
  readonly #delayed = new Heap<Entry>()
  #keyedTurn = false
  #mayExpire = false

  constructor(store: BacklogStore, ordered: boolean) {
    this.#store = store
    this.#lanes = ordered ? new Lanes() : undefined
  }

  get ready(): number {
    return this.#ready.size + (this.#lanes === undefined ? 0 : this.#lanes.ready)
  }

  get delayed(): number {
    return this.#delayed.size
  }

  /** When the first of what is delayed falls due. */
  get nextDueAt(): number {
    return this.#delayed.first?.dueAt ?? Infinity
  }

  /** A new entry: to the tail, or aside until its time has come. */
  add(entry: Entry): void {
    this.#store.room.enter(entry.stored)
    if (entry.stored.message.expiresAt !== undefined) this.#mayExpire = true
    this.toTail(entry)
  }

  /** Behind all others, with a new place in the order; when delayed, that is where it goes at its time. */
  toTail(entry: Entry): void {
    if (entry.dueAt > 0) {
      this.#delayed.push(entry)
      return
    }
    const { key } = entry.stored.message
    if (this.#lanes !== undefined && key !== undefined) this.#lanes.put(entry, key)
    else this.#ready.push(entry)
  }

  /** Back from a receiver's hands: to the head, to its place in its lane, or aside until its time has come. */
  putBack(entry: Entry): void {
    const { lane } = entry
    if (entry.dueAt > 0) this.#delayed.push(entry)
    if (lane !== undefined) {
      this.#lanes?.put(entry, lane.key)
      this.#lanes?.left(lane)
    } else if (entry.dueAt === 0) this.#ready.pushFront(entry)
  }

  /** It left a receiver's hands and is not coming back to its place. */
  left(entry: Entry): void {
    const { lane } = entry
    entry.lane = undefined
    if (lane !== undefined) this.#lanes?.left(lane)
  }

  /** Out of the backlog for good. */
  forget(entry: Entry): void {
    this.left(entry)
    this.#store.room.leave(entry.stored)
  }

  /** The next one for this receiver, now its own. */
  next(holder: Holder): Entry | undefined {
    const lanes = this.#lanes
    if (lanes === undefined) return this.#shift()
    this.#keyedTurn = !this.#keyedTurn
    return this.#keyedTurn ? (lanes.next(holder) ?? this.#shift()) : (this.#shift() ?? lanes.next(holder))
  }

  /** Moves what is due to where it can be handed out. */
  wake(now: number, wallNow: number): void {
    for (let first = this.#delayed.first; first !== undefined && first.dueAt <= now; first = this.#delayed.first) {
      this.#delayed.pop()
      const { deliverAt } = first.stored.message
      if (!first.taken && deliverAt !== undefined && deliverAt > wallNow) {
        // The wall clock went back, or is slower than ours: `deliverAt` is a promise by the wall clock.
        first.dueAt = now + deliverAt - wallNow
        this.#delayed.push(first)
      } else if (first.lane !== undefined) {
        this.#lanes?.wake(first)
      } else {
        first.dueAt = 0
        first.sequence = this.#store.nextSequence()
        this.toTail(first)
      }
    }
  }

  /** Drops what is ready and expired, so that what is counted or shown could be handed out. */
  dropExpired(wallNow: number, dropped: (entry: Entry) => void): void {
    if (!this.#mayExpire) return
    this.#mayExpire = false
    const isOut = (entry: Entry): boolean => {
      const { expiresAt } = entry.stored.message
      if (expiresAt === undefined) return false
      const isExpired = expiresAt <= wallNow
      if (isExpired) this.#drop(entry, dropped)
      else this.#mayExpire = true
      return isExpired
    }
    this.#ready.remove(isOut)
    this.#lanes?.drop(isOut)
    // Delayed ones are looked at when their time has come.
    this.#mayExpire ||= this.#delayed.size > 0
  }

  /** Drops all that waits, the delayed included, and answers how many. */
  clear(): number {
    const drop = (entry: Entry) => this.#drop(entry)
    const count = this.ready + this.delayed
    for (const entry of this.#ready) drop(entry)
    for (const entry of this.#delayed) if (entry.lane === undefined) drop(entry)
    this.#ready.clear()
    this.#lanes?.clear(drop)
    this.#delayed.clear()
    return count
  }

  /** The ready ones in the order in which they are likely to be handed out. */
  peek(max: number): Entry[] {
    const found: Entry[] = []
    if (this.#lanes === undefined) {
      for (let index = 0; index < max && index < this.#ready.size; index += 1)
        found.push(this.#ready.at(index) as Entry)
      return found
    }
    found.push(...this.#ready)
    for (const entry of this.#lanes) if (entry.dueAt === 0) found.push(entry)
    return found.toSorted((a, b) => a.sequence - b.sequence).slice(0, max)
  }

  #shift(): Entry | undefined {
    const { harsh } = this.#store
    return harsh === undefined ? this.#ready.shift() : this.#ready.takeAt(harsh.pick(this.#ready.size))
  }

  #drop(entry: Entry, dropped?: (entry: Entry) => void): void {
    entry.lane = undefined
    this.#store.room.leave(entry.stored)
    dropped?.(entry)
  }
}
