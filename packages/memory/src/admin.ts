import {
  type Admin,
  BrokerError,
  type Depth,
  type SourceRef,
  type SubscriptionRef,
  type WireMessage,
} from '@anybroker/driver'
import type { Session } from './engine/session.ts'
import type { Source } from './engine/source.ts'
import { full, notFound } from './errors.ts'
import { described } from './names.ts'

export class MemoryAdmin implements Admin {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  async depth(ref: SourceRef, signal: AbortSignal): Promise<Depth> {
    const depth = this.#source('counting', ref, signal).depth()
    // A harsh broker tells what it must.
    return this.#session.store.harsh === undefined ? depth : { ready: depth.ready }
  }

  async peek(ref: SourceRef, max: number, signal: AbortSignal): Promise<readonly WireMessage[]> {
    return this.#source('peeking into', ref, signal).peek(max)
  }

  async purge(ref: SourceRef, signal: AbortSignal): Promise<number> {
    return this.#source('purging', ref, signal).purge()
  }

  async seek(ref: SubscriptionRef, to: Date | 'start', signal: AbortSignal): Promise<void> {
    const source = this.#source('seeking in', ref, signal)
    for (const { session } of source.holders) {
      if (session === this.#session) continue
      throw new BrokerError('CONFLICT', `seeking in ${described(ref)}: it has consumers on another connection`)
    }
    const { namespace, store } = this.#session
    const subscription = namespace.subscription(ref)
    if (subscription === undefined) throw notFound('seeking', ref)
    source.empty('the subscription was moved by seek')
    const since = to === 'start' ? -Infinity : to.getTime()
    const needed = namespace.topics.get(ref.topic)?.replay(subscription, since)
    if (needed !== undefined)
      throw full(`seeking in ${described(ref)}`, needed.bytes, store.room.used, store.room.maxBytes)
  }

  #source(action: string, ref: SourceRef, signal: AbortSignal): Source {
    this.#session.check()
    signal.throwIfAborted()
    const source = this.#session.namespace.source(ref)
    if (source === undefined) throw notFound(`${action} ${described(ref)}`, ref)
    return source
  }
}
