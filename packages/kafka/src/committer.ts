import type { Runtime, SettleOutcome } from '@anybroker/driver'
import type { Assigned } from './assigned.ts'
import { errorType, type Committed } from './client/port.ts'
import { describeError } from './errors.ts'
import type { Snapshot } from './ledger.ts'

/** Between two commits that somebody waits for: under load each then carries many. */
const ACK_GAP_MS = 5
/** The same for attempts, which nobody waits for. */
const NOTE_GAP_MS = 50
const BACKOFF_MS = 50
const BACKOFF_MAX_MS = 1_000

/** Where commits go. Undefined while that can't be: in the middle of a rebalance. */
export type Commit = ((commits: readonly Committed[]) => Promise<readonly (Error | undefined)[]>) | undefined

export interface CommitterHooks {
  commit(): Commit
  /** The group has gone on without us: it is time to join again. */
  stale(): void
  died(error: unknown): void
  /** A partition's note has shrunk or grown over the limit. */
  changed(): void
}

interface Waiter {
  readonly assigned: Assigned
  readonly offset: number
  readonly resolve: (outcome: SettleOutcome) => void
}

const OK: SettleOutcome = Object.freeze({ as: 'ok' })
const LOST: SettleOutcome = Object.freeze({ as: 'lost' })

/** Writes ledgers down, one commit at a time, as often as there is something to write, and answers who waits for it. */
export class Committer {
  readonly #runtime: Runtime
  readonly #hooks: CommitterHooks
  readonly #dirty = new Set<Assigned>()
  #waiters: Waiter[] = []
  #running = false
  #turn: Promise<unknown> = Promise.resolve()
  #urgent = false
  #last = -Infinity
  #wake: (() => void) | undefined
  readonly #end = new AbortController()

  constructor(runtime: Runtime, hooks: CommitterHooks) {
    this.#runtime = runtime
    this.#hooks = hooks
  }

  /** To be written down, soon. */
  note(assigned: Assigned): void {
    this.#dirty.add(assigned)
    this.#run()
  }

  /** Resolves when a commit holds that this one is finished, or its partition is lost. */
  finished(assigned: Assigned, offset: number): Promise<SettleOutcome> {
    if (assigned.epoch.ended || this.#end.signal.aborted) return Promise.resolve(LOST)
    const outcome = new Promise<SettleOutcome>((resolve) => this.#waiters.push({ assigned, offset, resolve }))
    this.#dirty.add(assigned)
    this.#hurry()
    return outcome
  }

  /** Whether all of these could be written as they are now. `clean`: their owner lets go of them. */
  flush(partitions: readonly Assigned[], clean: boolean): Promise<boolean> {
    return this.#inTurn(partitions, clean)
  }

  /** These are another's now. */
  lost(partitions: readonly Assigned[]): void {
    const gone = new Set(partitions)
    for (const one of partitions) this.#dirty.delete(one)
    const left = this.#waiters.filter(({ assigned }) => !gone.has(assigned))
    const told = this.#waiters.filter(({ assigned }) => gone.has(assigned))
    this.#waiters = left
    for (const { resolve } of told) resolve(LOST)
  }

  /** A rebalance is over. */
  resume(): void {
    this.#wake?.()
  }

  end(): void {
    this.#end.abort()
    this.lost([...new Set(this.#waiters.map(({ assigned }) => assigned))])
    this.#dirty.clear()
    this.#wake?.()
  }

  #hurry(): void {
    if (!this.#urgent) {
      this.#urgent = true
      this.#wake?.()
    }
    this.#run()
  }

  #run(): void {
    if (this.#running || this.#end.signal.aborted) return
    this.#running = true
    const over = (): void => {
      this.#running = false
      if (this.#dirty.size > 0) this.#run()
    }
    this.#work().then(over, (error: unknown) => this.#hooks.died(error))
  }

  async #work(): Promise<void> {
    // At the end of the tick, so that what was settled together goes together.
    await Promise.resolve()
    for (let failures = 0; this.#dirty.size > 0 && !this.#end.signal.aborted;) {
      const since = this.#runtime.now() - this.#last
      const gap = (this.#urgent ? ACK_GAP_MS : NOTE_GAP_MS) - since
      if (gap > 0) {
        await this.#sleep(gap)
        continue
      }
      if (this.#hooks.commit() === undefined) {
        await this.#sleep(Infinity)
        continue
      }
      const batch = [...this.#dirty]
      this.#dirty.clear()
      this.#urgent = false
      if (await this.#inTurn(batch, false)) failures = 0
      else {
        for (const one of batch) if (!one.epoch.ended) this.#dirty.add(one)
        await this.#backOff(Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** failures))
        failures += 1
      }
    }
  }

  /** Two commits that overtake each other would take back what was written. */
  #inTurn(partitions: readonly Assigned[], clean: boolean): Promise<boolean> {
    const written = this.#turn.then(() => this.#commit(partitions, clean))
    this.#turn = written.catch(() => undefined)
    return written
  }

  /** Whether all of it was written. */
  async #commit(partitions: readonly Assigned[], clean: boolean): Promise<boolean> {
    const commit = this.#hooks.commit()
    const live = partitions.filter(({ epoch }) => !epoch.ended)
    if (live.length === 0) return true
    if (commit === undefined) return false
    this.#last = this.#runtime.now()
    // Whoever waits now was finished before; who comes later may not be in it.
    const waiting = this.#waiters
    this.#waiters = []
    const snapshots = live.map((assigned) => [assigned, assigned.ledger.snapshot(clean)] as const)
    let errors: readonly (Error | undefined)[]
    try {
      errors = await commit(
        snapshots.map(([{ topic, partition }, { offset, note }]) => ({ topic, partition, offset, note })),
      )
    } catch (error) {
      const failure = error instanceof Error ? error : new Error('the commit failed', { cause: error })
      errors = snapshots.map(() => failure)
    }
    let written = true
    for (const [index, [assigned, snapshot]] of snapshots.entries()) {
      const error = errors[index]
      if (error === undefined) this.#written(assigned, snapshot)
      else {
        written = false
        this.#failed(error)
      }
    }
    this.#answer(waiting, new Map(snapshots.filter((_, index) => errors[index] === undefined)))
    return written
  }

  #written(assigned: Assigned, snapshot: Snapshot): void {
    assigned.committed = snapshot.offset
    if (assigned.full === snapshot.full) return
    assigned.full = snapshot.full
    this.#hooks.changed()
  }

  #failed(error: unknown): void {
    const type = errorType(error)
    if (type === 'REBALANCE_IN_PROGRESS' || type === 'ILLEGAL_GENERATION' || type === 'UNKNOWN_MEMBER_ID')
      this.#hooks.stale()
    else if (!describeError(error).retryable) this.#hooks.died(error)
  }

  #answer(waiting: readonly Waiter[], written: ReadonlyMap<Assigned, Snapshot>): void {
    const left: Waiter[] = []
    for (const waiter of waiting) {
      const { assigned, offset, resolve } = waiter
      if (assigned.epoch.ended || this.#end.signal.aborted) resolve(LOST)
      else if (written.get(assigned)?.holds(offset) === true) resolve(OK)
      else left.push(waiter)
    }
    // Those that came meanwhile stand behind them.
    if (left.length > 0) this.#waiters = [...left, ...this.#waiters]
  }

  async #backOff(ms: number): Promise<void> {
    await Promise.allSettled([this.#runtime.sleep(ms, this.#end.signal)])
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = ms === Infinity ? () => undefined : this.#runtime.timer(ms, () => done())
      const done = () => {
        cancel()
        this.#wake = undefined
        resolve()
      }
      this.#wake = done
    })
  }
}
