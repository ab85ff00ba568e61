import type { Receiver, Runtime, SettleOutcome, Settlement } from '@anybroker/driver'
import { described, wrapped } from '../errors.ts'
import type { Link } from '../link/link.ts'
import { fullJitter } from '../time/backoff.ts'
import { withDeadline } from '../time/deadline.ts'
import { toldElsewhere } from '../time/deferred.ts'

/** How one settlement ended. `lost` is no error of ours: the broker, or our clock, says that it was too late. */
export type Settled = { readonly as: 'ok' } | { readonly as: 'lost' } | { readonly as: 'failed'; readonly error: Error }

interface Pending {
  readonly settlement: Settlement
  /** Our own judgement of the lease, margin included: false means that it must not reach the wire (D6). */
  readonly live: () => boolean
  readonly done: (settled: Settled) => void
  readonly deadline: number
  tries: number
}

const ENDED = new Error('the receiver ended')

/** What one call of the driver takes at most; it packs them into its broker's requests. */
const MOST_AT_ONCE = 1_000

/**
 * The settlements of one receiver in one life: gathered while a call is under way, sent in one batch, each answered for itself.
 */
export class Settler {
  readonly #link: Link
  readonly #receiver: Receiver
  readonly #runtime: Runtime
  readonly #name: string
  readonly #timeoutMs: number
  /** Settles once a running renewal of leases is over, so that it can't undo a delay that follows it. */
  readonly #renewal: () => Promise<unknown> | undefined
  #queue: Pending[] = []
  #busy = false
  #idle: (() => void)[] = []
  readonly #end = new AbortController()

  constructor(
    link: Link,
    receiver: Receiver,
    name: string,
    timeoutMs: number,
    renewal: () => Promise<unknown> | undefined,
  ) {
    this.#link = link
    this.#receiver = receiver
    this.#runtime = link.runtime
    this.#name = name
    this.#timeoutMs = timeoutMs
    this.#renewal = renewal
  }

  /** The receiver is dead: whatever is pending is lost, and nothing more is sent. */
  end(): void {
    this.#end.abort(ENDED)
  }

  add(settlement: Settlement, live: () => boolean, done: (settled: Settled) => void): void {
    this.#queue.push({ settlement, live, done, deadline: this.#runtime.now() + this.#timeoutMs, tries: 0 })
    this.#wake()
  }

  /** Resolves when nothing is pending. The deadlines of the settlements bound it. */
  flushed(): Promise<void> {
    if (!this.#busy && this.#queue.length === 0) return Promise.resolve()
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
      const renewal = this.#renewal()
      if (renewal !== undefined) await Promise.allSettled([renewal])
      const batch = this.#queue.splice(0, MOST_AT_ONCE).filter((pending) => {
        const live = !this.#end.signal.aborted && pending.live()
        if (!live) pending.done({ as: 'lost' })
        return live
      })
      if (batch.length > 0) await this.#send(batch)
    }
    this.#busy = false
    for (const idle of this.#idle.splice(0)) idle()
  }

  async #send(batch: readonly Pending[]): Promise<void> {
    let outcomes: readonly SettleOutcome[]
    const deadline = Math.max(...batch.map((pending) => pending.deadline))
    const settlements = batch.map((pending) => pending.settlement)
    try {
      const timeoutMs = Math.max(1, deadline - this.#runtime.now())
      outcomes = await withDeadline(this.#runtime, timeoutMs, this.#end.signal, (signal) =>
        this.#receiver.settle(settlements, signal),
      )
    } catch (error) {
      outcomes = batch.map(() => (error === ENDED ? { as: 'lost' } : { as: 'error', error }))
    }
    const again: Pending[] = []
    batch.forEach((pending, index) => {
      const outcome = outcomes[index] ?? { as: 'error', error: new Error('the driver gave no outcome for it') }
      if (outcome.as !== 'error') {
        pending.done(outcome)
        return
      }
      pending.tries += 1
      const mayPass = described(this.#link.driver, outcome.error).retryable && this.#runtime.now() < pending.deadline
      if (mayPass && pending.live()) again.push(pending)
      else
        pending.done({
          as: 'failed',
          error: wrapped(`settling a message of ${this.#name}`, outcome.error, this.#link.driver),
        })
    })
    if (again.length === 0) return
    this.#queue.unshift(...again)
    const waitMs = fullJitter(this.#runtime, Math.max(...again.map((pending) => pending.tries)))
    // Rejects only when the receiver ended: the next round then finds all of them lost.
    await Promise.allSettled([this.#runtime.sleep(waitMs, this.#end.signal)])
  }
}
