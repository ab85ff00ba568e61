import type { Ordering, WireMessage } from '@anybroker/driver'
import { messageBytes } from '@anybroker/driver'
import { Dedup } from './dedup.ts'
import { admit, type Destination, dueAt, Full, type Put } from './destination.ts'
import { Stored } from './entry.ts'
import type { Namespace } from './namespace.ts'
import type { Recording } from './record.ts'
import { Source } from './source.ts'
import type { Store } from './store.ts'

/**
 * The dead-letter queue of one queue or subscription. Takes a letter whether there is room or not: it only moves bytes that are
 * stored already, and the ack that follows frees the other copy.
 */
export class DeadLetters implements Destination {
  readonly source: Source
  readonly #store: Store
  readonly #of: Source

  constructor(home: Namespace, of: Source) {
    this.#store = home.store
    this.#of = of
    this.source = new Source(`dead letters of ${of.name}`, home, 'dead-letters')
  }

  put(message: WireMessage, wallNow: number): Put {
    const sequence = this.#store.nextSequence()
    this.source.add(new Stored(message, messageBytes(message)), sequence, dueAt(this.#store, message, wallNow), wallNow)
    this.#of.noteDead(message)
    return sequence
  }
}

export class Queue implements Destination {
  readonly ordering: Ordering
  readonly source: Source
  readonly deadLetters: DeadLetters
  readonly #store: Store
  readonly #record: Recording | undefined
  readonly #dedup: Dedup

  constructor(home: Namespace, name: string, ordering: Ordering) {
    const { store } = home
    this.#store = store
    this.#record = home.record
    this.ordering = ordering
    this.source = new Source(name, home, ordering === 'key' ? 'ordered' : 'unordered')
    this.deadLetters = new DeadLetters(home, this.source)
    this.#dedup = new Dedup(store.settings.dedupWindowMs, store.alarm, store.room)
  }

  put(message: WireMessage, wallNow: number): Put {
    const store = this.#store
    const { dedupId } = message
    if (dedupId !== undefined && this.#dedup.knows(dedupId, store.alarm.now())) return 'duplicate'
    const stored = admit(store, message, 1, dedupId === undefined ? 0 : this.#dedup.bytes(dedupId))
    if (stored instanceof Full) return stored
    const sequence = store.nextSequence()
    this.source.add(stored, sequence, dueAt(store, message, wallNow), wallNow)
    if (dedupId !== undefined) this.#dedup.remember(dedupId, store.alarm.now())
    this.#record?.published(this.source.name, message)
    return sequence
  }

  end(error: Error): void {
    this.source.end(error)
    this.deadLetters.source.end(error)
    this.#dedup.clear()
  }
}
