import { BrokerError, type ConnectionState, type Runtime } from '@anybroker/driver'
import { Holder } from './holder.ts'
import type { Namespace } from './namespace.ts'
import type { Owned } from './orphans.ts'
import type { Source } from './source.ts'
import type { Store } from './store.ts'

/** One connection as the store sees it: its receivers, what lives as long as it does, and what it is told. */
export class Session {
  readonly store: Store
  readonly namespace: Namespace
  readonly runtime: Runtime
  readonly #holders = new Set<Holder>()
  readonly #owned = new Set<Owned>()
  #listener: ((state: ConnectionState) => void) | undefined
  #ended: Error | undefined
  #isBlocked = false

  constructor(store: Store, namespace: Namespace, runtime: Runtime) {
    this.store = store
    this.namespace = namespace
    this.runtime = runtime
    store.alarm.attach(runtime)
  }

  onState(listener: (state: ConnectionState) => void): void {
    this.#listener = listener
    if (this.#ended !== undefined) this.#tell({ as: 'disconnected', error: this.#ended })
  }

  /** Throws once it ended. */
  check(): void {
    if (this.#ended !== undefined) throw this.#ended
  }

  hold(source: Source, credit: number, leaseMs: number): Holder {
    const holder = new Holder(source, this, credit, leaseMs)
    this.#holders.add(holder)
    source.attach(holder)
    return holder
  }

  /** The end of one receiver. */
  letGo(holder: Holder): void {
    if (this.#holders.delete(holder)) holder.source.detach(holder)
  }

  own(owned: Owned): void {
    this.store.orphans.adopt(owned, this)
    this.#owned.add(owned)
  }

  /** Leaves it to whoever takes it over in time, as if this connection had ended. */
  abandon(owned: Owned): void {
    if (this.#owned.delete(owned) && owned.owner === this) this.store.orphans.leave(owned)
  }

  /** The orderly end of something that it owns. */
  giveUp(owned: Owned): void {
    if (this.#owned.delete(owned) && owned.owner === this) owned.reap()
  }

  /** There was no room for so many bytes: tells it once, and once when there is room again. */
  blocked(bytes: number): void {
    if (this.#isBlocked) return
    this.#isBlocked = true
    this.store.room.whenFits(bytes, () => {
      this.#isBlocked = false
      this.#tell({ as: 'unblocked' })
    })
    const { used, maxBytes } = this.store.room
    this.#tell({ as: 'blocked', reason: `memory: the store is full (${used} of ${maxBytes} bytes)` })
  }

  /** An orderly end: what its receivers still hold goes back uncounted. */
  close(): void {
    this.#end(new BrokerError('CLOSED', 'memory: the connection is closed'))
  }

  /** The end that nobody asked for. */
  die(reason: string): void {
    const error = new BrokerError('UNAVAILABLE', `memory: ${reason}`, {
      retryable: true,
      facts: { scope: 'connection' },
    })
    this.#end(error)
  }

  #end(error: Error): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    for (const holder of this.#holders) {
      holder.fail(error)
      this.letGo(holder)
    }
    for (const owned of this.#owned) this.abandon(owned)
    this.store.alarm.detach(this.runtime)
    this.#tell({ as: 'disconnected', error })
    this.#listener = undefined
  }

  #tell(state: ConnectionState): void {
    this.#listener?.(state)
  }
}
