import { type CommitNote, encodeNote, NOTE_STOPS_AT, NOTHING_NOTED, type OpenNote } from './commit-note.ts'

/** What a commit would hold now. */
export interface Snapshot {
  readonly offset: number
  readonly note: string
  /** The note has grown so long that nothing more may be handed out, until what is open below is settled. */
  readonly full: boolean
  /** Whether it says so of this one, if that was finished when it was taken. */
  holds(offset: number): boolean
}

interface Open {
  attempts: number
  dueAt: number
}

/**
 * One partition in one assignment: what was fetched and is not finished, what is finished above it, and how often each was tried.
 * No I/O. Only what was really fetched is tracked: gaps in the log (compaction, control records) count as finished.
 *
 * Kept here: invariant 7, a commit is the contiguous finished prefix.
 */
export class Ledger {
  /** Fetched and not finished, ascending: a record is fetched once, in order. */
  readonly #open = new Set<number>()
  /** Attempts and due times of what is not finished; may be of what is not fetched again yet. */
  readonly #notes: Map<number, Open>
  /** What earlier owners finished and nobody has fetched again yet, ascending. */
  #past: readonly (readonly [number, number])[]
  /** The last that was finished: what is open above it leaves no ranges between. */
  #highest = -1
  /** Everything before was fetched. */
  #end: number
  /** Where the next fetch begins. */
  readonly from: number
  /** Whether the owner before us let go in order. */
  readonly clean: boolean

  constructor(committed: number, note: CommitNote = NOTHING_NOTED) {
    this.from = committed
    this.#end = committed
    this.#past = note.finished
    this.#notes = new Map(note.open.map(({ offset, attempts, dueAt }) => [offset, { attempts, dueAt }]))
    this.clean = note.clean
  }

  /** How many are fetched and not finished. */
  get open(): number {
    return this.#open.size
  }

  /**
   * Records were fetched, ascending, up to `end`. Returns those to hand out: what earlier owners finished is left out.
   */
  fetched<R extends { readonly offset: number }>(records: readonly R[], end: number): R[] {
    const fresh: R[] = []
    let past = 0
    for (const record of records) {
      const { offset } = record
      if (offset < this.#end) continue
      while ((this.#past[past]?.[1] ?? Infinity) <= offset) past += 1
      const range = this.#past[past]
      if (range !== undefined && range[0] <= offset) {
        this.#highest = offset
        continue
      }
      this.#open.add(offset)
      fresh.push(record)
    }
    this.#end = Math.max(this.#end, end)
    return fresh
  }

  /** Attempts used up, and when it is due, as far as anybody noted it. */
  noted(offset: number): Readonly<Open> | undefined {
    return this.#notes.get(offset)
  }

  note(offset: number, attempts: number, dueAt: number): void {
    if (!this.#open.has(offset)) return
    if (attempts === 0 && dueAt === 0) this.#notes.delete(offset)
    else this.#notes.set(offset, { attempts, dueAt })
  }

  /** Never to be handed out again. */
  finish(offset: number): void {
    this.#open.delete(offset)
    if (offset > this.#highest) this.#highest = offset
    this.#notes.delete(offset)
  }

  /** Everything before is gone from the log, or no longer wanted; what is in hand stays open. */
  skipTo(offset: number, inHand: (offset: number) => boolean): void {
    for (const open of this.#open) if (open < offset && !inHand(open)) this.finish(open)
    for (const noted of this.#notes.keys()) if (noted < offset && !inHand(noted)) this.#notes.delete(noted)
    this.#end = Math.max(this.#end, offset)
  }

  /** The offset that a commit would hold: everything before it is finished. */
  get watermark(): number {
    const [lowest] = this.#open
    if (lowest !== undefined) return lowest
    let at = this.#end
    for (const [from, to] of this.#past) if (from <= at && to > at) at = to
    return at
  }

  snapshot(clean: boolean): Snapshot {
    const offset = this.watermark
    const finished = this.#finishedAbove(offset)
    const { text, cutAt } = encodeNote(offset, { finished, open: this.#openNotes(offset), clean })
    return {
      offset,
      note: text,
      full: text.length > NOTE_STOPS_AT,
      holds: (one) => one < cutAt,
    }
  }

  #finishedAbove(watermark: number): (readonly [number, number])[] {
    const ranges: (readonly [number, number])[] = []
    let at = watermark
    for (const open of this.#open) {
      if (open > at) ranges.push([at, open])
      at = open + 1
      // Most of what is open was never handed out, and nothing behind it is finished.
      if (open > this.#highest) {
        at = this.#end
        break
      }
    }
    if (this.#end > at && at > watermark) ranges.push([at, this.#end])
    const end = Math.max(this.#end, watermark)
    for (const [from, to] of this.#past) {
      if (to <= end) continue
      const begin = Math.max(from, end)
      const last = ranges.at(-1)
      if (last !== undefined && last[1] === begin) ranges[ranges.length - 1] = [last[0], to]
      else ranges.push([begin, to])
    }
    return ranges
  }

  #openNotes(watermark: number): OpenNote[] {
    const notes: OpenNote[] = []
    for (const [offset, { attempts, dueAt }] of this.#notes) {
      if (offset >= watermark) notes.push({ offset, attempts, dueAt })
    }
    return notes.toSorted((one, other) => one.offset - other.offset)
  }
}
