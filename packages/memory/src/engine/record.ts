import type { WireMessage } from '@anybroker/driver'
import { Deque } from './deque.ts'

/** How many of each kind a namespace remembers with `record: true`; the oldest go first. */
const RECORDED = 10_000

/** One delivery's end, as the store saw it. */
export interface Settled {
  /**
   * `dead-letter`: its copy in the dead-letter queue was stored, then it was acked. `expired`: dropped by the store before it was
   * handed out, with `attempt` as counted up to then.
   */
  readonly as: 'ack' | 'retry' | 'dead-letter' | 'expired'
  readonly message: WireMessage
  readonly attempt: number
}

/** What was published and settled, by the name of the entity. Holds on to bodies: for tests. */
export class Recording {
  readonly #published = new Deque<{ readonly name: string; readonly item: WireMessage }>()
  readonly #settled = new Deque<{ readonly name: string; readonly item: Settled }>()

  published(name: string, item: WireMessage): void {
    this.#published.push({ name, item })
    if (this.#published.size > RECORDED) this.#published.shift()
  }

  settled(name: string, item: Settled): void {
    this.#settled.push({ name, item })
    if (this.#settled.size > RECORDED) this.#settled.shift()
  }

  publishedTo(name: string): WireMessage[] {
    return ofName(this.#published, name)
  }

  settledFrom(name: string): Settled[] {
    return ofName(this.#settled, name)
  }
}

function ofName<T>(items: Iterable<{ readonly name: string; readonly item: T }>, name: string): T[] {
  const found: T[] = []
  for (const one of items) if (one.name === name) found.push(one.item)
  return found
}
