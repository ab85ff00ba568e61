import type { DeadFacts } from '@anybroker/driver'

/** What `send` and `publish` take beside the body. Unknown names are `TypeError`s. */
export interface SendOptions {
  /** Only where `ordering` is `key`: 1 to 128 printable ASCII characters without spaces. Messages of one key stay in order (O1). */
  readonly key?: string
  /**
   * At most 32. Key `^[A-Za-z][A-Za-z0-9_.-]{0,127}$`, not beginning with `ab-`, `x-`, `goog`, `aws`, `amazon`, unique ignoring
   * case; value a well-formed string of at most 1,024 bytes; 8 KiB in all (M2). `limits: 'native'` lifts count and sizes.
   */
  readonly headers?: Readonly<Record<string, string>> | ReadonlyMap<string, string>
  /** Default: a new UUIDv7. 1 to 128 of `A-Za-z0-9_-`. */
  readonly id?: string
  /** 1 to 128 characters. */
  readonly correlationId?: string
  /** Where a reply goes: an address that `request` of some process made. 1 to 256 characters. */
  readonly replyTo?: string
  /** 1 to 128 characters. Default: that of the codec. */
  readonly contentType?: string
  /** W3C trace context, passed on as it is. 1 to 128 characters. */
  readonly traceparent?: string
  /**
   * Not delivered before that long from now (L1). 0 to 366 days; beyond what the broker can, `UNSUPPORTED`. Not with `at`. Default:
   * at once.
   */
  readonly delayMs?: number
  /** Not delivered before (L1). In the past: at once. Bounds as `delayMs`. */
  readonly at?: Date
  /** Not delivered to a handler after that long from now (L2). 1,000 to 366 days. Default: never expires. */
  readonly expiresInMs?: number
  /** A second message with the same one, within the broker's stated window, is not delivered twice (L3). As `id`. Default: none. */
  readonly dedupId?: string
  /** `confirmed` (default): resolves with the broker's word. `buffered`: resolves once in the window; failures are events (B4). */
  readonly until?: 'confirmed' | 'buffered'
  /** How long to try from the call on, default the `sendTimeoutMs` of `connect` (30,000). 1 to 86,400,000. */
  readonly timeoutMs?: number
  /** Gives up waiting. The message may still arrive if it was handed to the broker. */
  readonly signal?: AbortSignal
}

/** One message of `sendAll` and `publishAll`: its body, and what differs from message to message. */
export interface Outgoing<T> extends Omit<SendOptions, 'until' | 'timeoutMs' | 'signal'> {
  readonly body: T
}

/** What holds for all messages of `sendAll` and `publishAll`. */
export interface SendAllOptions extends Pick<SendOptions, 'until' | 'timeoutMs' | 'signal'> {}

/** That a message is kept, and how the broker said so. */
export interface Sent {
  readonly id: string
  /** The broker's word on this very message: an offset, a message id, a confirm. `buffered` with `until: 'buffered'`. */
  readonly evidence: string
}

/** One message, in `sendAll`'s error. `id` is empty where it brought none and was refused before it got one. */
export type SendOutcome =
  | { readonly as: 'confirmed'; readonly id: string; readonly evidence: string }
  | { readonly as: 'refused' | 'unknown'; readonly id: string; readonly error: Error }

/** The fields of a message that arrive (M3). */
export interface Message<T> {
  readonly id: string
  /** Decoded by the codec and checked by the schema of the queue, topic or subscription. */
  readonly body: T
  /** As they were sent, byte for byte. Shared: do not write to them. */
  readonly bytes: Uint8Array
  /** Own properties only, without a prototype. */
  readonly headers: Readonly<Record<string, string>>
  readonly sentAt: Date
  readonly key: string | undefined
  readonly contentType: string | undefined
  readonly correlationId: string | undefined
  readonly replyTo: string | undefined
  /** Who published it: the `source` option of its `connect`. */
  readonly source: string | undefined
  readonly traceparent: string | undefined
  readonly expiresAt: Date | undefined
}

export interface RetryOptions {
  /**
   * Not handed out again before that long from now. 0 or more; beyond what the broker can (D2), `UNSUPPORTED`, and the delivery
   * stays in hand. Default: the backoff of the retry policy.
   */
  readonly delayMs?: number
}

export interface RejectOptions {
  /** Goes into the dead letter, cut to 1 KiB. 1 to 1,000,000 characters. Default: none. */
  readonly reason?: string
}

/**
 * One attempt to hand a message to a consumer, settled once. The same verb again returns the same promise, another verb rejects
 * with `CONFLICT` (D5). Each promise follows the broker's answer; the slot and the key are free at the call (D1). Nobody has to
 * await them: a failure that nobody awaits is an event `settleFailed`, never an unhandled rejection.
 */
export interface Delivery<T> extends Message<T> {
  /** 1 at the first delivery of this message here (D3). */
  readonly attempt: number
  /** The broker, or we, handed it out before; whether a handler saw it is not said. */
  readonly redelivered: boolean
  /** Aborts when the lease is lost, `maxHandlerMs` is over, or `close` has waited long enough. Made when first read. */
  readonly signal: AbortSignal
  /** Where and why it died. Only on deliveries from dead letters. */
  readonly dead: DeadLetter | undefined
  /** The client library's own message. */
  readonly native: unknown
  /** Done: the message leaves the queue. Rejects with `LEASE_LOST` where it is no longer ours, `CLOSED` after the consumer closed. */
  ack(): Promise<void>
  /**
   * Again, maybe later, with the attempt counted. After the last attempt it goes to the dead letters, or is dropped (D4). On a
   * delivery from dead letters: kept. A retry that waits in hand resolves at once.
   */
  retry(options?: RetryOptions): Promise<void>
  /**
   * Never again: to the dead-letter queue at once; the promise follows the confirmed copy and the ack. On a delivery from dead
   * letters, or of an ephemeral subscription: dropped.
   */
  reject(options?: RejectOptions): Promise<void>
  /**
   * Sends to `replyTo` with this message's `correlationId`, or its id where it has none (R4): bytes as bytes, anything else as JSON.
   * Settles nothing. Rejects with a `TypeError` where the message asks for no reply.
   */
  reply(body: unknown, options?: Omit<SendOptions, 'key' | 'replyTo' | 'correlationId' | 'until'>): Promise<Sent>
}

/** Why a message is in a dead-letter queue. */
export interface DeadLetter extends Omit<DeadFacts, 'at'> {
  /** When it died. */
  readonly at: Date
}
