import type { DeadLettered } from './consume.ts'

/**
 * What `broker.on` tells. Each is told once, after the fact, also where a promise tells the same. A listener that throws is logged,
 * told as `hookFailed`, and changes nothing. `source` and `target` name a queue (`orders`), a subscription
 * (`order-placed/billing`) or, where it is ephemeral, its topic.
 */
export interface BrokerEvents {
  /** The connection is gone; sends wait and consumers resume by themselves. One per outage. */
  disconnected: { readonly reason: unknown }
  /** It is back. One per outage; the first connection is not told. */
  connected: { readonly afterMs: number; readonly attempts: number }
  /** The broker takes nothing for now: an alarm, a full disk. Sends wait within their time. */
  blocked: { readonly reason: string }
  unblocked: Record<never, never>
  /** An ephemeral subscription was away and may have missed messages (E1). */
  gap: { readonly topic: string; readonly reason: string }
  /** A message sent with `until: 'buffered'` failed later (B4). `count`: all such failures of this broker object so far. */
  sendFailed: {
    readonly target: string
    readonly id: string
    readonly error: unknown
    readonly count: number
    readonly body: unknown
  }
  deadLettered: DeadLettered
  /** The copy into the dead-letter queue failed; the message stays in hand and it is tried again, or goes back on `close`. */
  deadLetterFailed: { readonly source: string; readonly id: string; readonly error: unknown }
  /**
   * After the last attempt, with `exhausted: 'drop'`; or whatever an ephemeral subscription can't handle: it has no dead letters.
   * `count`: all so far of this consumer.
   */
  dropped: { readonly source: string; readonly id: string; readonly error: unknown; readonly count: number }
  /** Came after its `expiresInMs` and was dropped (L2). A broker that drops such messages by itself tells nobody. */
  expired: { readonly source: string; readonly id: string }
  /** A settle failed, came too late, or came after another verb (`CONFLICT`), and nobody may have awaited it. */
  settleFailed: {
    readonly source: string
    readonly id: string
    readonly verb: 'ack' | 'retry' | 'reject'
    readonly error: unknown
  }
  /** A handler settled its delivery and threw after. The settle stands. */
  thrownAfterSettle: { readonly source: string; readonly id: string; readonly error: unknown }
  /** Deliveries were taken back by the broker while in hand, or their lease ran out by our clock. They come again. */
  lost: { readonly source: string; readonly count: number; readonly reason: string }
  /** A consumer failed for good: its `done` rejects with the same error. */
  failed: { readonly source: string; readonly error: unknown }
  /** A hook (`onDeadLetter`, `retryIf`) or listener of the application threw. */
  hookFailed: { readonly hook: string; readonly error: unknown }
}
