import type { Runtime } from '@anybroker/driver'

/** Does something every `everyMs` while there is a reason for it: for the leases of what nobody has asked for yet. */
export class Renewal {
  readonly #runtime: Pick<Runtime, 'timer'>
  readonly #everyMs: number
  /** False where there is no reason any more. */
  readonly #renew: () => boolean
  #cancel: (() => void) | undefined
  #ended = false

  constructor(runtime: Pick<Runtime, 'timer'>, everyMs: number, renew: () => boolean) {
    this.#runtime = runtime
    this.#everyMs = everyMs
    this.#renew = renew
  }

  /** There is a reason. */
  need(): void {
    if (this.#ended) return
    this.#cancel ??= this.#runtime.timer(this.#everyMs, () => {
      this.#cancel = undefined
      if (this.#renew()) this.need()
    })
  }

  end(): void {
    this.#ended = true
    this.#cancel?.()
  }
}
