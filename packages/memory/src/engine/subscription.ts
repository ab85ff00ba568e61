import { type Filter, matches, type WireMessage } from '@anybroker/driver'
import { admit, type Destination, dueAt, Full, type Put } from './destination.ts'
import type { Namespace } from './namespace.ts'
import { DeadLetters } from './queue.ts'
import type { Recording } from './record.ts'
import type { Session } from './session.ts'
import { Source } from './source.ts'
import type { Store } from './store.ts'

/** What a subscription was made with. */
export interface SubscriptionSettings {
  readonly filter: Filter | undefined
  readonly from: 'now' | 'earliest'
  readonly durability: 'durable' | 'ephemeral'
}

/** A backlog that a topic feeds. Sending to it reaches it alone, past its filter: redriven and retried messages do. */
export class Subscription implements Destination {
  readonly settings: SubscriptionSettings
  readonly source: Source
  readonly deadLetters: DeadLetters
  /** Of an ephemeral one: whose it is. Without one for `ORPHANED_MS` it is reaped. */
  owner: Session | undefined = undefined
  readonly reap: () => void
  readonly #store: Store
  readonly #record: Recording | undefined

  constructor(home: Namespace, name: string, ordered: boolean, settings: SubscriptionSettings, reap: () => void) {
    this.#store = home.store
    this.#record = home.record
    this.settings = settings
    this.reap = reap
    this.source = new Source(name, home, ordered ? 'ordered' : 'unordered')
    this.deadLetters = new DeadLetters(home, this.source)
  }

  matches(message: WireMessage): boolean {
    return this.settings.filter === undefined || matches(this.settings.filter, message.headers)
  }

  put(message: WireMessage, wallNow: number): Put {
    const store = this.#store
    const stored = admit(store, message, 1)
    if (stored instanceof Full) return stored
    const sequence = store.nextSequence()
    this.source.add(stored, sequence, dueAt(store, message, wallNow), wallNow)
    this.#record?.published(this.source.name, message)
    return sequence
  }

  end(error: Error): void {
    this.source.end(error)
    this.deadLetters.source.end(error)
  }
}
