import { type Admin, BrokerError, type SourceRef, type SubscriptionRef } from '@anybroker/driver'
import { NOT_FOUND, notFound, statusOf } from './errors.ts'
import { REPLAY_SECONDS } from './limits.ts'
import { described, isOwner } from './names.ts'
import { isRead } from './probe.ts'
import { call, request, type Session } from './session.ts'
import { toTimestamp } from './wire.ts'

/** What the service can do: move a subscription in time. It tells no depth, and shows nothing without taking it. */
export class GooglePubsubAdmin implements Admin {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  /** By our clock: what is published while two clocks differ may stay, or go. */
  async purge(ref: SourceRef, signal: AbortSignal): Promise<undefined> {
    const at = this.#session.runtime.wallNow()
    for (const name of this.#places(ref)) await this.#seek(`purging ${described(ref)}`, ref, name, at, signal)
  }

  /**
   * Moves a subscription, and drops what is delayed or to be retried in its lane, because it would come twice. With a consumer elsewhere
   * it is a conflict: the service would move it all the same, and the deliveries of that consumer with it.
   */
  async seek(ref: SubscriptionRef, to: Date | 'start', signal: AbortSignal): Promise<void> {
    const { names, runtime, receivers } = this.#session
    const base = names.base(ref)
    const here = [...(receivers.get(names.subscriptionPath(base)) ?? [])]
    const start = runtime.wallNow() - REPLAY_SECONDS * 1_000
    let moved = false
    try {
      await Promise.all(here.map((receiver) => receiver.stopForSeek()))
      if (await isRead(this.#session, names.lane(ref), signal)) {
        throw new BrokerError('CONFLICT', `seeking ${described(ref)}: somebody else consumes it`)
      }
      const action = `seeking ${described(ref)}`
      await this.#seek(action, ref, names.lane(ref), runtime.wallNow(), signal)
      moved = true
      await this.#seek(action, ref, base, to === 'start' ? start : Math.max(start, to.getTime()), signal)
    } finally {
      for (const receiver of here) receiver.resumeAfterSeek(moved)
    }
  }

  #places(ref: SourceRef): readonly string[] {
    const { names } = this.#session
    if (ref.kind === 'inbox') return [ref.address ?? '']
    if (ref.kind === 'dead-letters') return [names.dead(ref.of)]
    return isOwner(ref) ? [names.base(ref), names.lane(ref)] : [names.base(ref)]
  }

  async #seek(action: string, ref: SourceRef, name: string, at: number, signal: AbortSignal): Promise<void> {
    const subscription = this.#session.names.subscriptionPath(name)
    try {
      await request(signal, () =>
        this.#session.clients.subscriber.seek({ subscription, time: toTimestamp(at) }, call()),
      )
    } catch (error) {
      if (statusOf(error) === NOT_FOUND) throw notFound(action, ref, error)
      throw error
    }
  }
}
