import type { Depth, WireMessage } from '@anybroker/driver'
import type { Timed } from './alarm.ts'
import { Backlog } from './backlog.ts'
import { Entry, type Stored } from './entry.ts'
import { Held } from './held.ts'
import type { Holder } from './holder.ts'
import type { Namespace } from './namespace.ts'
import type { Recording, Settled } from './record.ts'
import type { Store } from './store.ts'

/** The attempts that a delivery has used up when it comes back. */
type Used = (held: Held) => number

/** Dead letters neither expire nor, in a harsh store, come twice: they are the end of the line. */
export type SourceKind = 'unordered' | 'ordered' | 'dead-letters'

/**
 * Something to receive from: a backlog, the receivers on it, what they have in hand and until when. Every delivery is in exactly
 * one of three places: waiting in the backlog, in the list of one holder, or gone.
 */
export class Source implements Timed {
  /** As a person would spell it: `orders`, `order-placed/billing`. */
  readonly name: string
  /** Receivers with an outstanding `receive`, by turns. */
  readonly line: Set<Holder> = new Set()
  readonly #store: Store
  readonly #record: Recording | undefined
  readonly #backlog: Backlog
  readonly #isDead: boolean
  readonly #holders = new Set<Holder>()
  #inHand = 0
  #sharing = false
  /** Harsh stores only: ids whose dead letter is stored and whose ack must not be repeated. */
  readonly #dead = new Set<string>()

  constructor(name: string, home: Namespace, kind: SourceKind) {
    this.name = name
    this.#isDead = kind === 'dead-letters'
    this.#store = home.store
    this.#record = home.record
    this.#backlog = new Backlog(home.store, kind === 'ordered')
  }

  get ready(): number {
    return this.#backlog.ready
  }

  get inHand(): number {
    return this.#inHand
  }

  get holders(): ReadonlySet<Holder> {
    return this.#holders
  }

  attach(holder: Holder): void {
    this.#holders.add(holder)
  }

  /**
   * Gives back what the receiver has in hand, with the attempts that it wrote down: what no handler had, has burned none.
   */
  detach(holder: Holder): void {
    this.#holders.delete(holder)
    holder.stopWaiting()
    this.#return(holder.all(), this.#usedUp)
  }

  /** A message, new here. `dueAt` 0 where it is due. */
  add(stored: Stored, sequence: number, dueAt: number, wallNow: number): void {
    this.#backlog.add(new Entry(stored, sequence, dueAt, wallNow))
    if (dueAt > 0) this.#store.alarm.watch(this, dueAt)
    else this.share()
  }

  /** At most `max`, at most a fair part where others wait, and never more than the receiver's credit. */
  take(holder: Holder, max: number): readonly Held[] {
    const others = this.line.size
    return this.#hand(holder, others === 0 ? max : Math.min(max, Math.ceil(this.ready / (others + 1))))
  }

  /** Done. As of all verbs: only of a delivery that is in hand by the clock. */
  ack(held: Held): void {
    this.#leaves(held)
    const { entry } = held
    if (this.#isRepeated(entry)) {
      entry.repeated = true
      entry.attempts = held.attempt
      this.#backlog.toTail(entry)
    } else {
      this.#backlog.forget(entry)
      this.#store.noticeIdle()
    }
    this.#note(entry.stored.message, 'ack', held.attempt)
    this.share()
  }

  /** Again, when `delayMs` have passed. */
  retry(held: Held, delayMs: number, attempts: number, order: 'block' | 'overtake'): void {
    this.#leaves(held)
    const { entry } = held
    entry.attempts = this.#counted(held, attempts)
    entry.dueAt = delayMs > 0 ? this.#store.alarm.now() + delayMs : 0
    if (order === 'overtake' || entry.lane === undefined) {
      this.#backlog.left(entry)
      entry.sequence = this.#store.nextSequence()
      this.#backlog.toTail(entry)
    } else this.#backlog.putBack(entry)
    if (entry.dueAt > 0) this.#store.alarm.watch(this, entry.dueAt)
    if (this.#inHand === 0) this.#store.noticeIdle()
    this.#note(entry.stored.message, 'retry', held.attempt)
    this.share()
  }

  /** Back to the head in the order given, or each to its place in its lane. */
  release(back: ReadonlyMap<Held, number>): void {
    this.#return([...back.keys()], (held) => back.get(held) ?? held.attempt)
  }

  /** A new lease from now. Answers until when. */
  extend(held: Held, leaseMs: number): number {
    const { leaseUntil, deadline } = this.#lease(leaseMs, this.#store.alarm.now())
    held.deadline = deadline
    held.holder?.move(held)
    this.#store.alarm.watch(this, deadline)
    return leaseUntil
  }

  tick(now: number): number {
    this.#backlog.wake(now, this.#store.alarm.wallNow())
    let next = Infinity
    for (const holder of this.#holders) {
      if (holder.first !== undefined && holder.first.deadline <= now) this.#expire(holder, now)
      if (holder.first !== undefined && holder.first.deadline < next) next = holder.first.deadline
    }
    this.share()
    return Math.min(next, this.#backlog.nextDueAt)
  }

  /** Hands out to those who wait, at the end of this turn: what arrives in one turn is shared in one go. */
  share(): void {
    if (this.#sharing || this.line.size === 0 || this.ready === 0) return
    this.#sharing = true
    queueMicrotask(this.#share)
  }

  depth(): Required<Depth> {
    this.dropExpired()
    return { ready: this.ready, inHand: this.#inHand, delayed: this.#backlog.delayed }
  }

  peek(max: number): readonly WireMessage[] {
    this.dropExpired()
    return this.#backlog.peek(max).map((entry) => entry.stored.message)
  }

  /** Drops what waits; what is in hand stays there. */
  purge(): number {
    this.dropExpired()
    const count = this.#backlog.clear()
    this.#store.noticeIdle()
    return count
  }

  /** Drops what waits and takes back what is in hand, for good. */
  empty(reason: string): void {
    const losers = [...this.#holders].filter((holder) => holder.inHand > 0)
    this.#forgetAll()
    for (const holder of losers) holder.tellLost('all', reason)
  }

  /** The end of the entity: nobody receives from it any more. */
  end(error: Error): void {
    this.#forgetAll()
    for (const holder of this.#holders) holder.fail(error)
    this.#holders.clear()
  }

  /** A dead letter of this message was stored: the ack that follows is not one. */
  noteDead(message: WireMessage): void {
    if (this.#store.harsh !== undefined || this.#record !== undefined) this.#dead.add(message.id)
  }

  #forgetAll(): void {
    for (const holder of this.#holders) {
      for (const held of holder.all()) {
        this.#leaves(held)
        this.#backlog.forget(held.entry)
      }
    }
    this.#backlog.clear()
    this.#store.noticeIdle()
  }

  /** Expired ones are dropped here and there as they come up; this finds them all. */
  dropExpired(): void {
    const { alarm } = this.#store
    this.#backlog.wake(alarm.now(), alarm.wallNow())
    if (!this.#isDead) this.#backlog.dropExpired(alarm.wallNow(), (entry) => this.#noteExpired(entry))
  }

  readonly #share = (): void => {
    this.#sharing = false
    let waiting = this.line.size
    for (const holder of this.line) {
      const { ready } = this
      if (ready === 0) return
      const deliveries = this.#hand(holder, Math.min(holder.wanted, Math.ceil(ready / waiting)))
      waiting -= 1
      if (deliveries.length > 0) holder.stopWaiting()?.resolve(deliveries)
    }
  }

  #hand(holder: Holder, max: number): readonly Held[] {
    const deliveries: Held[] = []
    const { alarm } = this.#store
    const now = alarm.now()
    for (let left = Math.min(max, holder.room); left > 0;) {
      const entry = this.#backlog.next(holder)
      if (entry === undefined) break
      const { expiresAt } = entry.stored.message
      if (expiresAt !== undefined && !this.#isDead && expiresAt <= alarm.wallNow()) {
        this.#backlog.forget(entry)
        this.#noteExpired(entry)
        continue
      }
      const { leaseUntil, deadline } = this.#lease(holder.leaseMs, now)
      const held = new Held(entry, holder, leaseUntil, deadline)
      entry.taken = true
      holder.add(held)
      deliveries.push(held)
      left -= 1
    }
    this.#inHand += deliveries.length
    const { first } = holder
    if (deliveries.length > 0 && first !== undefined) alarm.watch(this, first.deadline)
    if (deliveries.length === 0) this.#store.noticeIdle()
    return deliveries
  }

  /**
   * Takes back what is overdue, and what lies behind it in the same lanes: else a later message of a key could be handled before
   * an earlier one.
   */
  #expire(holder: Holder, now: number): void {
    const overdue = new Map<unknown, number>()
    const lost = holder.all().filter((held) => held.deadline <= now)
    for (const { entry } of lost) {
      if (entry.lane !== undefined)
        overdue.set(entry.lane, Math.min(entry.sequence, overdue.get(entry.lane) ?? Infinity))
    }
    if (overdue.size > 0) {
      for (const held of holder.all()) {
        const { lane, sequence } = held.entry
        if (held.deadline > now && lane !== undefined && sequence > (overdue.get(lane) ?? Infinity)) lost.push(held)
      }
    }
    this.#return(lost, this.#usedUp)
    holder.tellLost(lost, 'the lease ended')
  }

  /** A delivery counts from the moment that a handler has it: what was only fetched counts for nothing. */
  readonly #usedUp = ({ attempt, written }: Held): number => written?.attempts ?? attempt - 1

  /** What was held for a retry stays away until it is due, whoever gives it back (D2). */
  #return(back: readonly Held[], used: Used): void {
    const now = back.length === 0 ? 0 : this.#store.alarm.now()
    for (let index = back.length - 1; index >= 0; index -= 1) {
      const held = back[index]
      if (held?.holder === undefined) continue
      this.#leaves(held)
      const { entry, written } = held
      entry.attempts = this.#counted(held, used(held))
      entry.dueAt = written !== undefined && written.dueAt > now ? written.dueAt : 0
      this.#backlog.putBack(entry)
      if (entry.dueAt > 0) this.#store.alarm.watch(this, entry.dueAt)
    }
    this.#store.noticeIdle()
    this.share()
  }

  /** A harsh store counts every take, whatever it is told. */
  #counted(held: Held, attempts: number): number {
    return this.#store.harsh === undefined ? attempts : Math.max(attempts, held.attempt)
  }

  #leaves(held: Held): void {
    held.holder?.remove(held)
    this.#inHand -= 1
  }

  #lease(askedMs: number, now: number): { leaseUntil: number; deadline: number } {
    const { harsh } = this.#store
    if (harsh === undefined) return { leaseUntil: now + askedMs, deadline: now + askedMs }
    const leaseMs = harsh.lease(askedMs)
    return { leaseUntil: now + leaseMs, deadline: now + leaseMs + harsh.lateness(leaseMs) }
  }

  #isRepeated(entry: Entry): boolean {
    const { harsh } = this.#store
    if (harsh === undefined || this.#isDead || entry.lane !== undefined || entry.repeated) return false
    return !this.#dead.has(entry.stored.message.id) && harsh.repeats()
  }

  #note(message: WireMessage, as: Settled['as'], attempt: number): void {
    const isDead = this.#dead.size > 0 && as === 'ack' && this.#dead.delete(message.id)
    this.#record?.settled(this.name, { as: isDead ? 'dead-letter' : as, message, attempt })
  }

  #noteExpired(entry: Entry): void {
    this.#note(entry.stored.message, 'expired', entry.attempts)
    this.#store.noticeIdle()
  }
}
