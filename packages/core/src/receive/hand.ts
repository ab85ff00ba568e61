import { Linked } from '../linked.ts'
import type { Attached } from './attached.ts'
import type { Entry } from './entry.ts'
import { Lanes } from './lanes.ts'
import { Suspects } from './suspects.ts'

/**
 * What one consumer has in hand, and how much of it runs: plain bookkeeping, no I/O. Invariant 9: `count` and `bytes` are what the
 * intake is bounded by (B1).
 */
export class Hand {
  /** `maxUnsettled`, as it is now. */
  limit: number
  /** All that lies beside the suspects is in hand, as far as it can be: they may run. */
  gathered = false
  readonly #lanes = new Lanes()
  readonly #suspects = new Suspects()
  readonly #tell: () => void
  #quiet = 0
  readonly #entries = new Linked<Entry>()
  #bytes = 0
  #running = 0
  #held = 0
  #kept = 0
  #suspected = 0
  /** The suspect that runs, with no other beside it (D4). */
  #alone: Entry | undefined

  /** `changed` is called whenever a slot, a lane or room became free. */
  constructor(limit: number, changed: () => void) {
    this.limit = limit
    this.#tell = changed
  }

  get count(): number {
    return this.#entries.size
  }
  get bytes(): number {
    return this.#bytes
  }
  get running(): number {
    return this.#running
  }
  get held(): number {
    return this.#held
  }
  get kept(): number {
    return this.#kept
  }

  /** Suspects that run or wait for it. */
  get suspected(): number {
    return this.#suspected
  }

  /** How many could run at once if there were slots for them, those included that were lost meanwhile. */
  get ready(): number {
    return this.#lanes.ready
  }

  all(state?: Entry['state']): Entry[] {
    const all = this.#entries.all()
    return state === undefined ? all : all.filter((entry) => entry.state === state)
  }

  /** What of one receiver is in hand: everything of it that still has to be settled or given back. */
  of(attached: Attached): Entry[] {
    return this.#entries.all().filter((entry) => entry.attached === attached)
  }

  add(entry: Entry): void {
    this.#entries.add(entry)
    this.#bytes += entry.bytes
    if (entry.suspect) this.#suspected += 1
    this.#lanes.add(entry)
  }

  /**
   * The next that may run, running from now on. A suspect comes when nothing else is left, and runs with no other beside it; `told`
   * says whether the broker knows of all that was settled before, because a crash would take that along.
   */
  take(told: () => boolean): Entry | undefined {
    if (this.#alone !== undefined) return undefined
    const entry = this.#nextInnocent() ?? this.#nextSuspect(told)
    if (entry === undefined) return undefined
    entry.state = 'running'
    this.#running += 1
    return entry
  }

  /**
   * Many changes at once, told once: what is to be lost together must not see its neighbours started in the slots that it frees.
   */
  together(change: () => void): void {
    this.#quiet += 1
    change()
    this.#quiet -= 1
    this.#changed()
  }

  /** Running no more, in hand until it is due; its lane stays its own. */
  hold(entry: Entry, dueAt: number): void {
    this.stopRunning(entry, 'held')
    entry.dueAt = dueAt
    entry.delivery = undefined
  }

  due(entry: Entry): void {
    this.#leaveState(entry)
    entry.state = 'waiting'
    if (entry.suspect) {
      this.#suspected += 1
      // It was in hand all the time, and what was fetched beside it as well; the intake may wait for long and gathers nothing now.
      this.gathered = true
    }
    this.#lanes.again(entry)
  }

  /** Slot free at the call; the lane only by `freeLane`. */
  stopRunning(entry: Entry, state: 'held' | 'kept' | 'leaving'): void {
    this.#leaveState(entry)
    entry.state = state
    if (state === 'held') this.#held += 1
    if (state === 'kept') this.#kept += 1
    this.#changed()
  }

  freeLane(entry: Entry): void {
    if (!entry.holdsLane) return
    this.#freeLane(entry)
    this.#changed()
  }

  /** Takes out, in order, what waits behind the message that holds this key's lane. */
  behind(entry: Entry): Entry[] {
    return entry.key !== undefined && entry.holdsLane ? this.#lanes.behind(entry.key) : []
  }

  remove(entry: Entry): void {
    if (entry.state === 'gone') return
    this.#leaveState(entry)
    entry.state = 'gone'
    this.#entries.delete(entry)
    this.#bytes -= entry.bytes
    if (entry.holdsLane) this.#freeLane(entry)
    this.#changed()
  }

  #nextInnocent(): Entry | undefined {
    for (;;) {
      const entry = this.#lanes.next()
      if (entry === undefined) return undefined
      entry.holdsLane = true
      if (!entry.suspect) return entry
      this.#suspects.add(entry)
    }
  }

  #nextSuspect(told: () => boolean): Entry | undefined {
    if (this.#suspected === 0 || !this.gathered || this.#running > 0 || !told()) return undefined
    this.#alone = this.#suspects.take()
    return this.#alone
  }

  #freeLane(entry: Entry): void {
    entry.holdsLane = false
    this.#lanes.free(entry)
  }

  #changed(): void {
    if (this.#quiet === 0) this.#tell()
  }

  #leaveState(entry: Entry): void {
    if (entry.state === 'running') this.#running -= 1
    else if (entry.state === 'held') this.#held -= 1
    else if (entry.state === 'kept') this.#kept -= 1
    if (entry.suspect && (entry.state === 'waiting' || entry.state === 'running')) this.#cleared(entry)
  }
  /** A suspect that neither runs nor waits for it any more. */
  #cleared(entry: Entry): void {
    this.#suspected -= 1
    if (this.#suspected === 0) this.gathered = false
    if (this.#alone === entry) this.#alone = undefined
  }
}
