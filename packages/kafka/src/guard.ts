import type { Runtime } from '@anybroker/driver'
import type { Assigned, Held } from './assigned.ts'
import type { Committer } from './committer.ts'

/** A guarded message that has lived for that long lets the next one out: a handler that kills does it sooner, or is first next time. */
const GUARD_MS = 1_000
const TRY_AGAIN_MS = 100

export interface GuardHooks {
  /** The receiver is closed or dead. */
  over(): boolean
  wake(): void
  died(error: unknown): void
}

/**
 * After an unclean leave: the first messages of a partition are handed out one at a time, each when a commit holds that attempt. If
 * one of them kills this process, the next one knows which it was.
 */
export class Guard {
  readonly #runtime: Runtime
  readonly #committer: Committer
  readonly #hooks: GuardHooks
  #counted: { readonly assigned: Assigned; readonly held: Held }[] = []
  readonly #timers = new Set<() => void>()

  constructor(runtime: Runtime, committer: Committer, hooks: GuardHooks) {
    this.#runtime = runtime
    this.#committer = committer
    this.#hooks = hooks
  }

  /** Counts this one, and wakes when that is committed. */
  count(assigned: Assigned, held: Held, carried: number): void {
    assigned.guard = held
    assigned.ledger.note(held.record.offset, Math.max(held.attempts, carried) + 1, 0)
    const counted = async (): Promise<void> => {
      while (!this.#over(assigned)) {
        if (await this.#committer.flush([assigned], false)) break
        await this.#runtime.sleep(TRY_AGAIN_MS)
      }
      if (this.#over(assigned)) return
      this.#counted.push({ assigned, held })
      this.#hooks.wake()
    }
    counted().then(undefined, (error: unknown) => this.#hooks.died(error))
  }

  /** Those that may be handed out now. */
  cleared(max: number): { readonly assigned: Assigned; readonly held: Held }[] {
    const cleared = this.#counted.splice(0, max).filter(({ assigned }) => !assigned.epoch.ended)
    for (const { assigned, held } of cleared) this.#freeLater(assigned, held)
    return cleared
  }

  /** It is settled, or has lived for long enough: the next one. */
  free(assigned: Assigned, held: Held): void {
    if (assigned.guard !== held) return
    assigned.guard = undefined
    assigned.guarded = Math.max(0, assigned.guarded - 1)
    this.#hooks.wake()
  }

  end(): void {
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
    this.#counted = []
  }

  #freeLater(assigned: Assigned, held: Held): void {
    const cancel = this.#runtime.timer(GUARD_MS, () => {
      this.#timers.delete(cancel)
      this.free(assigned, held)
    })
    this.#timers.add(cancel)
  }

  #over(assigned: Assigned): boolean {
    return assigned.epoch.ended || this.#hooks.over()
  }
}
