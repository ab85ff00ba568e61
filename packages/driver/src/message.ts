/** Headers of a message: strings by string, without a prototype, so that no foreign key can forge one. Never written to. */
export type Headers = Readonly<Record<string, string>>

/**
 * A message as it crosses the seam. Core made or checked every field; a driver moves it and changes nothing. Objects are shared
 * between the copies of a fan-out: neither side may write to one.
 */
export interface WireMessage {
  /** Fixed by core before the first attempt to send, the same over retries, delays, copies and dead letters. */
  readonly id: string
  readonly body: Uint8Array
  readonly headers: Headers
  /** Wall clock, milliseconds. */
  readonly sentAt: number
  readonly contentType?: string
  readonly key?: string
  readonly correlationId?: string
  /** The address of an inbox, as `Receiver.address` told it. */
  readonly replyTo?: string
  /** Who published it: the `source` option of `connect`. */
  readonly source?: string
  readonly traceparent?: string
  /** Wall clock, milliseconds: not delivered before. */
  readonly deliverAt?: number
  /** Wall clock, milliseconds: not delivered to a handler after. */
  readonly expiresAt?: number
  readonly dedupId?: string
  /** Deliveries that earlier copies of this message used up here; a driver adds its broker's own count to it. */
  readonly carriedAttempts?: number
  /** Set on the copy in a dead-letter queue, and nowhere else. */
  readonly dead?: DeadFacts
}

/** Why and whence a dead letter came. Travels beside body and headers, never in them. */
export interface DeadFacts {
  /** Logical name: `orders`, or `order-placed/billing` for a subscription. */
  readonly origin: string
  readonly reason: DeadReason
  /** What the handler threw, or what the codec or schema said, cut to 1 KiB. Absent where the broker moved it by itself. */
  readonly error?: string
  readonly attempts: number
  /** Wall clock, milliseconds. */
  readonly at: number
}

/**
 * `max-attempts`: the last attempt failed. `rejected`: the application said so. `undecodable`, `invalid`: codec, schema.
 * `crashed`: handed out more often than allowed and never settled. `broker`: the broker's own backstop moved it.
 */
export type DeadReason = 'max-attempts' | 'rejected' | 'undecodable' | 'invalid' | 'crashed' | 'broker'
