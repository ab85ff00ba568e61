import type { Runtime } from '@anybroker/driver'
import type { Assigned, Held } from './assigned.ts'
import type { Committer } from './committer.ts'

/**
 * A handler that has lived for that long ends the guard: if it kills later, its start is written down, and whoever kills sooner is
 * first at the next start.
 */
const GUARD_MS = 1_000
const TRY_AGAIN_MS = 100

export interface GuardHooks {
  /** What is assigned now. */
  partitions(): readonly Assigned[]
  /** The receiver is closed or dead. */
  over(): boolean
  wake(): void
  died(error: unknown): void
}

/**
 * After an unclean leave: the first messages are handed out one at a time, each when a commit holds that attempt and whatever was
 * acked before it. If one of them kills this process, the next one knows which it was, and no neighbour is counted for it.
 */
export class Guard {
  readonly #runtime: Runtime
  readonly #committer: Committer
  readonly #hooks: GuardHooks
  /** The one that is out, or on its way. */
  #out: Held | undefined
  #counted: { readonly assigned: Assigned; readonly held: Held }[] = []
  #cancel: () => void = () => undefined

  constructor(runtime: Runtime, committer: Committer, hooks: GuardHooks) {
    this.#runtime = runtime
    this.#committer = committer
    this.#hooks = hooks
  }

  get busy(): boolean {
    return this.#out !== undefined
  }

  /** Counts this one, and wakes when that is committed. */
  count(assigned: Assigned, held: Held, carried: number): void {
    this.#out = held
    assigned.guard = held
    assigned.ledger.note(held.record.offset, Math.max(held.attempts, carried) + 1, 0)
    const counted = async (): Promise<void> => {
      while (!this.#over(assigned)) {
        if (await this.#committer.flush(this.#hooks.partitions(), false)) break
        await this.#runtime.sleep(TRY_AGAIN_MS)
      }
      if (this.#over(assigned)) this.free(assigned, held)
      else {
        this.#counted.push({ assigned, held })
        this.#hooks.wake()
      }
    }
    counted().then(undefined, (error: unknown) => this.#hooks.died(error))
  }

  /** That which may be handed out now. */
  cleared(): readonly { readonly assigned: Assigned; readonly held: Held }[] {
    const counted = this.#counted.splice(0)
    for (const { assigned, held } of counted) if (assigned.epoch.ended) this.free(assigned, held)
    const cleared = counted.filter(({ assigned }) => !assigned.epoch.ended)
    if (cleared.length > 0) this.#cancel = this.#runtime.timer(GUARD_MS, () => this.#dismiss())
    return cleared
  }

  /** It is out of hand, or held: the next one. */
  free(assigned: Assigned, held: Held): void {
    if (assigned.guard === held) {
      assigned.guard = undefined
      assigned.guarded = Math.max(0, assigned.guarded - 1)
    }
    if (this.#out !== held) return
    this.#out = undefined
    this.#cancel()
    this.#hooks.wake()
  }

  end(): void {
    this.#cancel()
    this.#counted = []
  }

  #dismiss(): void {
    for (const one of this.#hooks.partitions()) {
      one.guarded = 0
      one.guard = undefined
    }
    this.#out = undefined
    this.#hooks.wake()
  }

  #over(assigned: Assigned): boolean {
    return assigned.epoch.ended || this.#hooks.over()
  }
}
