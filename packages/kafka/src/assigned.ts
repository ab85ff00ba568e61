import { Epoch } from '@anybroker/driver'
import type { LogRecord } from './client/port.ts'
import { Ledger } from './ledger.ts'
import { dueAtOf, recordBytes } from './wire.ts'

/** What one partition may have fetched and not handed out, before the next fetch leaves it out. A fetch may bring as much again. */
const FULL_BYTES = 256 * 1024
const FULL_RECORDS = 1_000

/** One record in the hands of this receiver. */
export interface Held {
  readonly record: LogRecord
  /** Attempts used up before it was handed out. */
  attempts: number
  /** Wall clock, milliseconds; 0 for at once. */
  dueAt: number
}

/** What settles one delivery; dead with the assignment that made it. */
export interface Receipt {
  readonly assigned: Assigned
  readonly held: Held
  /** Settled, given back or lost: nothing more can be done with it, but to wait for the commit of its ack. */
  state: 'out' | 'acked' | 'gone'
  /** A handler runs. */
  started: boolean
}

/**
 * One partition while it is ours: what was fetched and waits, what is in hand, and the ledger of it. No I/O.
 */
export class Assigned {
  readonly topic: string
  readonly partition: number
  ledger: Ledger
  readonly epoch: Epoch = new Epoch()
  readonly inHand: Map<number, Receipt> = new Map()
  /** Where the next fetch begins. */
  position: number
  /** Everything that was there when last asked has been fetched. */
  caughtUp = false
  /** A commit says that it is in our hands: if we die, the next owner knows that nobody let go of it. */
  opened = false
  /** No longer handed out from: it is about to be another's. */
  lettingGo = false
  /** The ledger's note is full: what is in hand must be settled first. */
  full = false
  /** The last offset that a commit held. */
  committed: number
  /** After an unclean leave: that many are handed out one at a time, each counted before. */
  guarded: number
  /** The one that is out so, or on its way. */
  guard: Held | undefined
  #ready: Held[] = []
  #head = 0
  /** Not due yet, ascending by the time that they are. */
  #parked: Held[] = []
  #bytes = 0
  readonly #ordered: boolean
  /** Of ordered sources: until when a key waits, because its first message does. */
  readonly #keys = new Map<string, number>()

  constructor(topic: string, partition: number, ledger: Ledger, guarded: number, ordered = false) {
    this.topic = topic
    this.partition = partition
    this.ledger = ledger
    this.position = ledger.from
    this.committed = ledger.from
    this.guarded = ledger.clean ? 0 : guarded
    this.#ordered = ordered
  }

  get wantsMore(): boolean {
    return this.#bytes < FULL_BYTES && this.waiting + this.#parked.length < FULL_RECORDS
  }

  /** Waiting to be handed out, and due. */
  get waiting(): number {
    return this.#ready.length - this.#head
  }

  /** When the next one that is parked is due, wall clock; Infinity where none is. */
  get nextDueAt(): number {
    return this.#parked[0]?.dueAt ?? Infinity
  }

  /** `wanted` false: finished unseen, as what is in another's inbox. */
  accept(records: readonly LogRecord[], end: number, high: number, wanted?: (record: LogRecord) => boolean): void {
    for (const record of this.ledger.fetched(records, end)) {
      if (wanted !== undefined && !wanted(record)) {
        this.ledger.finish(record.offset)
        continue
      }
      const noted = this.ledger.noted(record.offset)
      this.#bytes += recordBytes(record)
      this.#put({ record, attempts: noted?.attempts ?? 0, dueAt: Math.max(noted?.dueAt ?? 0, dueAtOf(record)) })
    }
    this.position = Math.max(this.position, end)
    this.caughtUp = this.position >= high
  }

  /** What is due by now joins what waits. */
  wake(wallNow: number): void {
    let due = 0
    while ((this.#parked[due]?.dueAt ?? Infinity) <= wallNow) due += 1
    if (due === 0) return
    for (const [key, until] of this.#keys) if (until <= wallNow) this.#keys.delete(key)
    this.#merge(this.#parked.splice(0, due))
  }

  /**
   * The next that waits, out of the buffer. While the note is full nothing more, but for what stands in it already, and for one
   * where nothing is in hand: it is what is open below that must be settled.
   */
  take(): Held | undefined {
    const held = this.#ready[this.#head]
    if (held === undefined) return undefined
    if (this.full && this.inHand.size > 0 && this.ledger.noted(held.record.offset) === undefined) return undefined
    this.#head += 1
    if (this.#head > 512 && this.#head * 2 > this.#ready.length) {
      this.#ready = this.#ready.slice(this.#head)
      this.#head = 0
    }
    this.#bytes -= recordBytes(held.record)
    return held
  }

  /** Back into the buffer, in their place. */
  putBack(back: readonly Held[]): void {
    for (const held of back) this.#bytes += recordBytes(held.record)
    const inOrder = back.toSorted((one, other) => one.record.offset - other.record.offset)
    this.#merge(inOrder.filter((held) => !this.#parks(held)))
  }

  /** Drops what waits before an offset, and what is parked: a purge. Returns how many. */
  dropBefore(offset: number): number {
    const stays = [...this.#ready.slice(this.#head), ...this.#parked].filter(({ record }) => record.offset >= offset)
    const dropped = this.waiting + this.#parked.length - stays.length
    this.ledger.skipTo(offset, (one) => this.inHand.has(one) || this.guard?.record.offset === one)
    this.position = Math.max(this.position, offset)
    this.clear()
    this.putBack(stays)
    return dropped
  }

  /** The log behind it is another: what was known of the old one says nothing. */
  startOver(offset: number): void {
    this.ledger = new Ledger(offset)
    this.position = offset
    this.committed = offset
    this.guarded = 0
    this.guard = undefined
    this.full = false
    this.clear()
  }

  clear(): void {
    this.#ready = []
    this.#head = 0
    this.#parked = []
    this.#keys.clear()
    this.#bytes = 0
  }

  #put(held: Held): void {
    if (!this.#parks(held)) this.#ready.push(held)
  }

  /** Whether it must wait, and then it does. A key waits with its first message, so that nothing of it passes. */
  #parks(held: Held): boolean {
    const key = this.#ordered ? held.record.key?.toString('latin1') : undefined
    if (key !== undefined) held.dueAt = Math.max(held.dueAt, this.#keys.get(key) ?? 0)
    if (held.dueAt === 0) return false
    let at = this.#parked.length
    while (at > 0 && (this.#parked[at - 1]?.dueAt ?? 0) > held.dueAt) at -= 1
    this.#parked.splice(at, 0, held)
    if (key === undefined || this.#keys.get(key) === held.dueAt) return true
    this.#keys.set(key, held.dueAt)
    const behind = (one: Held): boolean =>
      one.record.offset > held.record.offset && one.record.key?.toString('latin1') === key
    const waiting = this.#ready.slice(this.#head)
    this.#ready = waiting.filter((one) => !behind(one))
    this.#head = 0
    for (const one of waiting) if (behind(one)) this.#parks(one)
    return true
  }

  #merge(back: readonly Held[]): void {
    if (back.length === 0) return
    const rest = this.#ready.slice(this.#head)
    this.#ready = [...back, ...rest].toSorted((one, other) => one.record.offset - other.record.offset)
    this.#head = 0
  }
}
