import { shown, type Runtime } from '@anybroker/driver'
import type { BrokerEvents } from './api/events.ts'

type Name = keyof BrokerEvents
type Listener = (facts: never) => void

const NAMES: readonly Name[] = [
  'disconnected',
  'connected',
  'blocked',
  'unblocked',
  'gap',
  'sendFailed',
  'deadLettered',
  'deadLetterFailed',
  'dropped',
  'expired',
  'settleFailed',
  'thrownAfterSettle',
  'lost',
  'failed',
  'hookFailed',
]

/** The broker's events. A listener that throws is logged and told as `hookFailed`, and never reaches core. */
export class Events {
  readonly #listeners = new Map<Name, Set<Listener>>()
  readonly #log: Runtime['log']

  constructor(log: Runtime['log']) {
    this.#log = log
  }

  on<E extends Name>(event: E, listener: (facts: BrokerEvents[E]) => void): () => void {
    if (!NAMES.includes(event))
      throw new TypeError(`on: there is no event ${shown(event)}; there are ${NAMES.join(', ')}`)
    if (typeof listener !== 'function')
      throw new TypeError(`on(${event}): the listener must be a function; got ${shown(listener)}`)
    const set = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, set)
    // A wrapper of its own, so that one function given twice is taken off once at a time.
    const entry: Listener = (facts) => listener(facts)
    set.add(entry)
    return () => void set.delete(entry)
  }

  emit<E extends Name>(event: E, facts: BrokerEvents[E]): void {
    for (const listener of this.#listeners.get(event) ?? [])
      this.guard(`listener of ${event}`, () => listener(facts as never))
  }

  /** Invariant 11 for hooks: runs what the application gave, and tells what it throws, at once or by its promise. */
  guard(hook: string, run: () => unknown): void {
    try {
      const result = run()
      if (result instanceof Promise) result.catch((error: unknown) => this.#hookFailed(hook, error))
    } catch (error) {
      this.#hookFailed(hook, error)
    }
  }

  #hookFailed(hook: string, error: unknown): void {
    this.#log('error', `anybroker: a ${hook} threw`, { error })
    if (hook !== 'listener of hookFailed') this.emit('hookFailed', { hook, error })
  }
}
