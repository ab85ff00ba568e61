import type { Receiver, Runtime, SettleOutcome, Settlement } from '@anybroker/driver'
import { described, wrapped } from '../errors.ts'
import type { Link } from '../link/link.ts'
import type { Entry } from '../receive/entry.ts'
import type { Verb } from '../receive/open-delivery.ts'
import { fullJitter } from '../time/backoff.ts'
import { withDeadline } from '../time/deadline.ts'
import { toldElsewhere } from '../time/deferred.ts'
import { Pending } from './pending.ts'

/** How one settlement ended. `lost` is no error of ours: the broker, or our clock, says that it was too late. */
export type Settled = { readonly as: 'ok' } | { readonly as: 'lost' } | { readonly as: 'failed'; readonly error: Error }

export interface SettlerSetup {
  readonly link: Link
  readonly receiver: Receiver
  readonly name: string
  readonly timeoutMs: number
  /** What our clock does not trust by so much must not reach the wire (D6). */
  readonly marginMs: number
  /** Settles once a running renewal of leases is over, so that it can't undo a delay that follows it. */
  readonly renewal: () => Promise<unknown> | undefined
  readonly settled: (pending: Pending, settled: Settled) => void
}

const LOST: Settled = Object.freeze({ as: 'lost' })
const ENDED = new Error('the receiver ended')

/** What one call of the driver takes at most; it packs them into its broker's requests. */
const MOST_AT_ONCE = 1_000

/**
 * The settlements of one receiver in one life: gathered while a call is under way, sent in one batch, each answered for itself.
 */
export class Settler {
  readonly #setup: SettlerSetup
  readonly #runtime: Runtime
  #queue: Pending[] = []
  #busy = false
  #idle: (() => void)[] = []
  readonly #end = new AbortController()

  constructor(setup: SettlerSetup) {
    this.#setup = setup
    this.#runtime = setup.link.runtime
  }

  /** The receiver is dead: whatever is pending is lost, and nothing more is sent. */
  end(): void {
    this.#end.abort(ENDED)
  }

  add(entry: Entry, verb: Verb, settlement: Settlement, now: number = this.#runtime.now()): Pending {
    const pending = new Pending(entry, verb, settlement, now + this.#setup.timeoutMs)
    this.#queue.push(pending)
    this.#wake()
    return pending
  }

  get idle(): boolean {
    return !this.#busy && this.#queue.length === 0
  }

  /** Resolves when nothing is pending. The deadlines of the settlements bound it. */
  flushed(): Promise<void> {
    if (this.idle) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle.push(resolve)
    })
  }

  #wake(): void {
    if (this.#busy) return
    this.#busy = true
    // At the end of the tick, so that what was settled together goes together.
    queueMicrotask(() => toldElsewhere(this.#run()))
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const renewal = this.#setup.renewal()
      if (renewal !== undefined) await Promise.allSettled([renewal])
      const now = this.#runtime.now()
      const batch = this.#queue.splice(0, MOST_AT_ONCE).filter((pending) => {
        const live = this.#isLive(pending, now)
        if (!live) this.#setup.settled(pending, LOST)
        return live
      })
      if (batch.length > 0) await this.#send(batch)
    }
    this.#busy = false
    for (const idle of this.#idle.splice(0)) idle()
  }

  #isLive(pending: Pending, now: number): boolean {
    return !this.#end.signal.aborted && pending.entry.leased(now, this.#setup.marginMs)
  }

  async #send(batch: readonly Pending[]): Promise<void> {
    const { link, receiver, name, settled } = this.#setup
    let outcomes: readonly SettleOutcome[]
    const deadline = Math.max(...batch.map((pending) => pending.deadline))
    const settlements = batch.map((pending) => pending.settlement)
    try {
      const timeoutMs = Math.max(1, deadline - this.#runtime.now())
      outcomes = await withDeadline(this.#runtime, timeoutMs, this.#end.signal, (signal) =>
        receiver.settle(settlements, signal),
      )
    } catch (error) {
      outcomes = batch.map(() => (error === ENDED ? { as: 'lost' } : { as: 'error', error }))
    }
    const again: Pending[] = []
    batch.forEach((pending, index) => {
      const outcome = outcomes[index] ?? { as: 'error', error: new Error('the driver gave no outcome for it') }
      if (outcome.as !== 'error') {
        settled(pending, outcome)
        return
      }
      pending.tries += 1
      const now = this.#runtime.now()
      const mayPass = described(link.driver, outcome.error).retryable && now < pending.deadline
      if (mayPass && this.#isLive(pending, now)) again.push(pending)
      else
        settled(pending, { as: 'failed', error: wrapped(`settling a message of ${name}`, outcome.error, link.driver) })
    })
    if (again.length === 0) return
    this.#queue.unshift(...again)
    const waitMs = fullJitter(this.#runtime, Math.max(...again.map((pending) => pending.tries)))
    // Rejects only when the receiver ended: the next round then finds all of them lost.
    await Promise.allSettled([this.#runtime.sleep(waitMs, this.#end.signal)])
  }
}
