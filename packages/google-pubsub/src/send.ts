import type { Outcome, Ref, Sender, WireMessage } from '@anybroker/driver'
import { publish } from './calls.ts'
import { notFound } from './errors.ts'
import { REQUEST_BYTES, REQUEST_MESSAGES } from './limits.ts'
import { described, isOrdered } from './names.ts'
import type { Session } from './session.ts'
import { DUE, INBOX, type Packet, toPacket } from './wire.ts'

const BATCH: Sender['batch'] = Object.freeze({
  maxMessages: REQUEST_MESSAGES,
  maxBytes: REQUEST_BYTES,
  maxInFlight: 4,
  // A request is stored whole or not at all, and those of one key follow each other.
  keepsKeyOrder: true,
})

/** Publishes: to a queue to its topic, to a subscription to the lane that it alone reads, and what is due later to the lane. */
export class GooglePubsubSender implements Sender {
  readonly batch: Sender['batch'] = BATCH
  readonly #session: Session
  readonly #target: Ref

  private constructor(session: Session, target: Ref) {
    this.#session = session
    this.#target = target
  }

  /** Looks whether the target is there, where we may. An inbox may be gone any time: what is sent to it then is dropped. */
  static async open(session: Session, target: Ref, signal: AbortSignal): Promise<GooglePubsubSender> {
    const { names } = session
    if (target.kind === 'inbox') {
      if (!names.isInbox(target.address ?? '')) throw notFound(`opening a sender to ${described(target)}`, target)
    } else if ((await session.hasTopic(place(session, target, false), signal)) === false) {
      throw notFound(`opening a sender to ${described(target)}`, target)
    }
    return new GooglePubsubSender(session, target)
  }

  async send(batch: readonly WireMessage[], signal: AbortSignal): Promise<readonly Outcome[]> {
    const target = this.#target
    const wallNow = this.#session.runtime.wallNow()
    const delays = target.kind === 'queue' || target.kind === 'subscription'
    const ordered = isOrdered(target)
    const now: number[] = []
    const later: number[] = []
    const packets = batch.map((message, index): Packet => {
      const { deliverAt } = message
      if (delays && deliverAt !== undefined && deliverAt > wallNow) {
        later.push(index)
        return toPacket(message, { extra: { [DUE]: String(deliverAt) } })
      }
      now.push(index)
      if (target.kind !== 'inbox') return toPacket(message, { ordered })
      return toPacket(message, { extra: { [INBOX]: target.address ?? '' } })
    })
    if (later.length === 0) return this.#publish(packets, false, signal)
    const outcomes: Outcome[] = Array.from({ length: batch.length })
    await Promise.all(
      [now, later].map(async (indexes) => {
        const some = indexes.map((index) => packets[index]).filter((packet) => packet !== undefined)
        const done = some.length === 0 ? [] : await this.#publish(some, indexes === later, signal)
        indexes.forEach((index, at) => {
          const outcome = done[at]
          if (outcome !== undefined) outcomes[index] = outcome
        })
      }),
    )
    return outcomes
  }

  async close(): Promise<void> {
    // It holds nothing.
  }

  #publish(packets: readonly Packet[], later: boolean, signal: AbortSignal): Promise<readonly Outcome[]> {
    const topic = this.#session.names.topicPath(place(this.#session, this.#target, later))
    return publish(this.#session, topic, packets, signal)
  }
}

/** The topic by which a target is reached; `later`: where what is due later waits. */
function place({ names }: Session, target: Ref, later: boolean): string {
  switch (target.kind) {
    case 'queue':
      return later ? names.lane(target) : names.base(target)
    case 'topic':
      return names.base(target)
    case 'subscription':
      return names.lane(target)
    case 'dead-letters':
      return names.dead(target.of)
    case 'inbox':
      return names.replies
  }
}
