import type { Runtime } from '@anybroker/driver'

/** One timer for many deadlines: set to the earliest, and moved only when a nearer one comes. */
export class Alarm {
  readonly #runtime: Pick<Runtime, 'now' | 'timer'>
  readonly #ring: () => void
  #at = Infinity
  #cancel: (() => void) | undefined

  /** `ring` looks for itself what is due, and sets the alarm again for what is not. */
  constructor(runtime: Pick<Runtime, 'now' | 'timer'>, ring: () => void) {
    this.#runtime = runtime
    this.#ring = ring
  }

  /** Rings at `at` (on the scale of `now`) or earlier. */
  setFor(at: number): void {
    if (at >= this.#at) return
    this.#cancel?.()
    this.#at = at
    this.#cancel = this.#runtime.timer(Math.max(0, at - this.#runtime.now()), () => {
      this.#at = Infinity
      this.#cancel = undefined
      this.#ring()
    })
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#at = Infinity
  }
}
