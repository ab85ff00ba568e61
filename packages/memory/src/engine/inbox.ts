import type { WireMessage } from '@anybroker/driver'
import { deleted } from '../errors.ts'
import { admit, type Destination, dueAt, Full, type Put } from './destination.ts'
import type { Namespace } from './namespace.ts'
import type { Session } from './session.ts'
import { Source } from './source.ts'
import type { Store } from './store.ts'

/** Where replies to one connection go. Lives as long as its receiver, and `ORPHANED_MS` after its connection died. */
export class Inbox implements Destination {
  readonly source: Source
  owner: Session | undefined = undefined
  readonly #home: Namespace
  readonly #address: string
  readonly #store: Store

  constructor(home: Namespace, address: string) {
    this.#home = home
    this.#address = address
    this.#store = home.store
    this.source = new Source(`inbox ${address}`, home, 'unordered')
  }

  reap(): void {
    const { inboxes } = this.#home
    if (inboxes.get(this.#address) === this) inboxes.delete(this.#address)
    this.source.end(deleted(this.source.name))
  }

  put(message: WireMessage, wallNow: number): Put {
    const store = this.#store
    const stored = admit(store, message, 1)
    if (stored instanceof Full) return stored
    const sequence = store.nextSequence()
    this.source.add(stored, sequence, dueAt(store, message, wallNow), wallNow)
    return sequence
  }
}
