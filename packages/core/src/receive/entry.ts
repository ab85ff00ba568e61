import { messageBytes, type WireDelivery } from '@anybroker/driver'
import type { Links } from '../linked.ts'
import type { Attached } from './attached.ts'
import type { OpenDelivery } from './open-delivery.ts'

/** One message in hand, over all the attempts that are made while it stays in hand. */
export class Entry implements Links<Entry> {
  readonly wire: WireDelivery
  /** The receiver, in its one life, that its receipt belongs to (invariant 6). */
  readonly attached: Attached
  readonly bytes: number
  /** Its lane; undefined where nothing is ordered. */
  readonly key: string | undefined
  /** Of the present hand-out, or of the next. */
  attempt: number
  /** On `runtime.now()`'s scale; undefined where the broker has sessions. */
  leaseUntil: number | undefined
  /**
   * `waiting`: fetched. `running`: a handler, or the application, has it. `held`: in hand until its retry is due. `kept`: in hand
   * until the consumer closes. `leaving`: its fate is decided, the broker has yet to hear of it. `gone`: out of hand.
   */
  state: 'waiting' | 'running' | 'held' | 'kept' | 'leaving' | 'gone' = 'waiting'
  /** Handed out more often than allowed, as far as anybody counted: runs alone (D4). */
  suspect = false
  /** It lay beside one that was dead-lettered unseen: it has its turn, whatever its count. */
  spared = false
  /** Nothing else of its key runs until it is freed. */
  holdsLane = false
  /** While held. */
  dueAt = 0
  /** While running: when it was handed out. */
  since = 0
  delivery: OpenDelivery | undefined = undefined
  before: Entry | undefined = undefined
  after: Entry | undefined = undefined

  constructor(wire: WireDelivery, attached: Attached, ordered: boolean) {
    this.wire = wire
    this.attached = attached
    this.bytes = messageBytes(wire.message)
    this.key = ordered ? wire.message.key : undefined
    this.attempt = wire.attempt
    this.leaseUntil = wire.leaseUntil
  }

  /** Whether our clock still trusts its lease. */
  leased(now: number, marginMs: number): boolean {
    return !this.attached.dead && (this.leaseUntil === undefined || now < this.leaseUntil - marginMs)
  }
}
