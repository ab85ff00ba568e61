import type { Receiver } from '@anybroker/driver'
import type { Live } from '../link/link.ts'
import { Settler, type SettlerSetup } from '../settle/settler.ts'

/** A receiver in its one life, and what of it is in hand. When it is dead, so is every receipt that it gave. */
export class Attached {
  readonly receiver: Receiver
  readonly live: Live
  readonly settler: Settler
  /** The renewal of leases under way. */
  renewal: Promise<unknown> | undefined
  /** On `runtime.now()`'s scale. */
  nextRenewal: number = Infinity
  /** Takes its listener off the connection. */
  #leave: () => void = () => undefined
  #dead = false

  constructor(live: Live, settlements: Omit<SettlerSetup, 'renewal'>) {
    this.receiver = settlements.receiver
    this.live = live
    this.settler = new Settler({ ...settlements, renewal: () => this.renewal })
  }

  get dead(): boolean {
    return this.#dead
  }

  /** Calls `gone` when the connection dies first. */
  watch(gone: () => void): void {
    const { down } = this.live
    down.addEventListener('abort', gone, { once: true })
    this.#leave = () => down.removeEventListener('abort', gone)
    if (down.aborted) gone()
  }

  end(): void {
    this.#leave()
    this.#dead = true
    this.settler.end()
  }
}
