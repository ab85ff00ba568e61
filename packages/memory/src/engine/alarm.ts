import type { Runtime } from '@anybroker/driver'

/** Something with deadlines of its own. */
export interface Timed {
  /** Does what is due, and answers when it wants to be called next: `Infinity` for not at all. */
  tick(now: number): number
}

/** Timers take no more, and a far deadline is simply looked at again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * The clock of a store, and one timer for everything that waits for a time: leases, delays, dedup windows, orphans. Time comes
 * from the connections; all of one process share one scale, and the youngest connection that stands is asked.
 */
export class Alarm {
  readonly #runtimes: Runtime[] = []
  readonly #timed = new Set<Timed>()
  #last: Runtime | undefined
  #at = Infinity
  #cancel: (() => void) | undefined
  readonly #ring = (): void => {
    this.#cancel = undefined
    this.#at = Infinity
    this.#look()
  }

  now(): number {
    return this.#runtime().now()
  }

  wallNow(): number {
    return this.#runtime().wallNow()
  }

  /** From now on `timed` is called, first at `at` or a little before. */
  watch(timed: Timed, at: number): void {
    this.#timed.add(timed)
    if (at < this.#at) this.#arm(at)
  }

  attach(runtime: Runtime): void {
    this.#runtimes.push(runtime)
    this.#last = runtime
    this.#disarm()
    this.#look()
  }

  /** Without a connection no timer is left; what falls due meanwhile is done when the next one attaches. */
  detach(runtime: Runtime): void {
    const index = this.#runtimes.lastIndexOf(runtime)
    if (index >= 0) this.#runtimes.splice(index, 1)
    this.#last = this.#runtimes.at(-1) ?? runtime
    this.#disarm()
    if (this.#runtimes.length > 0) this.#look()
  }

  #look(): void {
    const now = this.now()
    let next = Infinity
    for (const timed of this.#timed) {
      const at = timed.tick(now)
      if (at === Infinity) this.#timed.delete(timed)
      else if (at < next) next = at
    }
    if (next < this.#at) this.#arm(next)
  }

  #arm(at: number): void {
    const runtime = this.#runtimes.at(-1)
    if (runtime === undefined) return
    this.#cancel?.()
    this.#at = at
    this.#cancel = runtime.timer(Math.min(Math.max(0, at - runtime.now()), LONGEST_TIMER_MS), this.#ring)
  }

  #disarm(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#at = Infinity
  }

  #runtime(): Runtime {
    if (this.#last === undefined) throw new Error('memory: the store has no clock before its first connection')
    return this.#last
  }
}
