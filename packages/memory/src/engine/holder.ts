import type { Held } from './held.ts'
import { LaneList } from './lane.ts'
import type { Session } from './session.ts'
import type { Source } from './source.ts'

/** A receiver as the store sees it: its credit, what it has in hand, and whether it waits. */
export class Holder {
  readonly source: Source
  readonly session: Session
  credit: number
  readonly leaseMs: number
  paused = false
  inHand = 0
  /** The delivery whose lease ends first. */
  first: Held | undefined = undefined
  #last: Held | undefined = undefined
  /** Lanes that this receiver holds and that have more for it. */
  readonly lanes: LaneList = new LaneList()
  /** Why nothing more can be received here. */
  failure: Error | undefined = undefined
  #lost: ((receipts: readonly Held[] | 'all', reason: string) => void) | undefined
  #waiting: Waiting | undefined

  constructor(source: Source, session: Session, credit: number, leaseMs: number) {
    this.source = source
    this.session = session
    this.credit = credit
    this.leaseMs = leaseMs
  }

  /** How many more it may be given. */
  get room(): number {
    return this.paused ? 0 : this.credit - this.inHand
  }

  add(held: Held): void {
    this.inHand += 1
    this.#link(held)
  }

  remove(held: Held): void {
    this.inHand -= 1
    held.holder = undefined
    this.#unlink(held)
  }

  /** Its deadline changed. */
  move(held: Held): void {
    this.#unlink(held)
    this.#link(held)
  }

  /** Those in hand, by deadline. */
  all(): Held[] {
    const held: Held[] = []
    for (let next = this.first; next !== undefined; next = next.after) held.push(next)
    return held
  }

  onLost(listener: (receipts: readonly Held[] | 'all', reason: string) => void): void {
    this.#lost = listener
  }

  tellLost(receipts: readonly Held[] | 'all', reason: string): void {
    this.#lost?.(receipts, reason)
  }

  /** How many an outstanding `receive` wants; 0 where there is none. */
  get wanted(): number {
    return this.#waiting?.max ?? 0
  }

  wait(waiting: Waiting): void {
    this.#waiting = waiting
    this.source.line.add(this)
  }

  stopWaiting(): Waiting | undefined {
    const waiting = this.#waiting
    this.#waiting = undefined
    this.source.line.delete(this)
    return waiting
  }

  /** Nothing more is received here, and nothing in hand can be settled. */
  fail(error: Error): void {
    this.failure = error
    const waiting = this.stopWaiting()
    this.tellLost('all', error.message)
    waiting?.reject(error)
  }

  /** Leases are mostly of one length, so that the place is at the end or near it. */
  #link(held: Held): void {
    let before = this.#last
    while (before !== undefined && before.deadline > held.deadline) before = before.before
    const after = before === undefined ? this.first : before.after
    held.before = before
    held.after = after
    if (before === undefined) this.first = held
    else before.after = held
    if (after === undefined) this.#last = held
    else after.before = held
  }

  #unlink(held: Held): void {
    if (held.before === undefined) this.first = held.after
    else held.before.after = held.after
    if (held.after === undefined) this.#last = held.before
    else held.after.before = held.before
    held.before = held.after = undefined
  }
}

/** An outstanding `receive`. */
export interface Waiting {
  readonly max: number
  resolve(deliveries: readonly Held[]): void
  reject(error: Error): void
}
