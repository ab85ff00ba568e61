import type { Capabilities } from './capabilities.ts'
import type { ErrorFacts } from './errors.ts'
import type { Filter } from './filter.ts'
import type { WireMessage } from './message.ts'
import type { EntityRef, Ref, SourceRef, SubscriptionRef } from './refs.ts'
import type { Runtime } from './runtime.ts'

/**
 * The seam. A driver moves batches of bytes and tells the truth about its broker; core does the thinking.
 *
 * For the author of a driver, throughout:
 * - Never retry, never set a deadline, never swallow. Throw what the client library throws: `describeError` sorts it, core wraps
 *   it. Own errors are `BrokerError`s. Pass aborts through with the signal's reason.
 * - Core calls nothing before the call that opens it resolved and nothing after `close`, and calls each `close` once.
 * - Methods may be called while earlier calls are pending unless their text says otherwise.
 * - Nothing of the application's ever runs inside a driver, and no listener of core throws.
 */
export interface Driver {
  /** An old driver meets a new core with a sentence, not a crash. */
  readonly spec: 1
  /** The name of the broker, as errors and docs spell it: `memory`, `rabbitmq`. */
  readonly name: string
  readonly capabilities: Capabilities
  /** Opens one connection, or throws. Core holds the deadline and aborts. A wrong password must fail here, where it can. */
  connect(runtime: Runtime, signal: AbortSignal): Promise<Connection>
  /** Total: answers for anything that was ever thrown, `undefined` included, without throwing. */
  describeError(error: unknown): ErrorFacts
}

/** One-shot: when it dies it stays dead, says so by `onState`, and core opens another from the same driver. */
export interface Connection {
  /** The driver's, corrected by what this broker said of itself. */
  readonly capabilities: Capabilities
  /** Opens without creating. A missing entity is `NOT_FOUND` here, or at the first call where the broker has no session. */
  openSender(target: Ref, signal: AbortSignal): Promise<Sender>
  openReceiver(source: SourceRef, options: ReceiverOptions, signal: AbortSignal): Promise<Receiver>
  readonly topology: Topology
  readonly admin: Admin
  /** At most one listener: core's. `disconnected` is final and comes once, also after `close` was called by core or not. */
  onState(listener: (state: ConnectionState) => void): void
  /** What must be done now and then: reap the ephemerals of the dead, touch offsets, trim logs. On core's timer, never twice at once. */
  maintain?(signal: AbortSignal): Promise<void>
  /** The client library's own object, for `broker.native`. */
  readonly native: unknown
  /** Core closed senders and receivers before. Must end soon after the signal aborts, whatever the broker does. */
  close(signal: AbortSignal): Promise<void>
}

export type ConnectionState =
  | { readonly as: 'disconnected'; readonly error: unknown }
  | { readonly as: 'blocked'; readonly reason: string }
  | { readonly as: 'unblocked' }

/** What an entity is made with. All of it is identity, kept at the broker and compared by `ensure`, but for `maxAttempts`. */
export interface EntitySettings {
  /** Subscriptions only. A driver that grades an operator `none` keeps the filter all the same and lets core apply it. */
  readonly filter?: Filter
  /** Subscriptions only: where a new one begins. Default `now`. */
  readonly from?: 'now' | 'earliest'
  /** Queues and subscriptions: a hint for the broker's own backstop, which must stand above it. Not compared. */
  readonly maxAttempts?: number
  /** The caller's `native` block of this driver. Not compared. */
  readonly native?: Readonly<Record<string, unknown>>
}

export type Ensured =
  | { readonly as: 'created' }
  | { readonly as: 'same' }
  /** The names of what differs, with what is there and what was asked: `ordering: there key, asked none`. */
  | { readonly as: 'differs'; readonly differences: readonly string[] }

export interface Topology {
  /**
   * Creates what is missing, its dead-letter queue included, and never changes what is there. A subscription keeps messages from
   * the moment that this resolved. A subscription of a topic that does not exist is `NOT_FOUND`.
   */
  ensure(ref: EntityRef, settings: EntitySettings, signal: AbortSignal): Promise<Ensured>
  /** `ensure` without creating: `undefined` when missing. */
  check(ref: EntityRef, settings: EntitySettings, signal: AbortSignal): Promise<Ensured | undefined>
  /** Deletes it with its backlog and its dead letters; a topic with its subscriptions. Resolves false when there was nothing. */
  delete(ref: EntityRef, signal: AbortSignal): Promise<boolean>
  /** Whatever this namespace has, ephemeral subscriptions left out. Absent where A6 is `none`. */
  list?(signal: AbortSignal): Promise<readonly EntityRef[]>
}

/** Each method is absent exactly where its clause is graded `none`. */
export interface Admin {
  /** A2 */
  depth?(ref: SourceRef, signal: AbortSignal): Promise<Depth>
  /** A3: the next messages without taking them; disturbs nobody, counts no attempt. */
  peek?(ref: SourceRef, max: number, signal: AbortSignal): Promise<readonly WireMessage[]>
  /** A4: drops what waits; what is in hand stays in hand. Resolves with the number where the broker tells it. */
  purge?(ref: SourceRef, signal: AbortSignal): Promise<number | undefined>
  /** R1: `Date`: what was published at or after. With a receiver elsewhere `CONFLICT`; deliveries in hand here are lost first. */
  seek?(ref: SubscriptionRef, to: Date | 'start', signal: AbortSignal): Promise<void>
}

export interface Depth {
  /** Deliverable now. */
  readonly ready: number
  /** In the hands of consumers. Absent where the broker does not tell. */
  readonly inHand?: number
  /** Waiting for their time: delayed sends and delayed retries. Absent where the broker does not tell. */
  readonly delayed?: number
}

/** Calls never overlap beyond `batch.maxInFlight`; batches keep within the other two. */
export interface Sender {
  readonly batch: {
    readonly maxMessages: number
    /** Of bodies plus headers, as core counts them: see `messageBytes`. */
    readonly maxBytes: number
    readonly maxInFlight: number
    /**
     * True where messages of one key in one batch are stored as a prefix: if one is not confirmed, none behind it is stored.
     * Otherwise core puts one message of a key into a batch. Only asked of ordered targets.
     */
    readonly keepsKeyOrder: boolean
  }
  /**
   * One outcome per message, in their order. What it throws counts as `unknown` for every message of the batch, and the sender is
   * closed and opened again.
   */
  send(batch: readonly WireMessage[], signal: AbortSignal): Promise<readonly Outcome[]>
  close(): Promise<void>
}

/** `refused` means provably never stored; without proof it is `unknown`. `evidence` is the broker's word on this very message. */
export type Outcome =
  | { readonly as: 'confirmed'; readonly evidence: string }
  | { readonly as: 'refused' | 'unknown'; readonly error: unknown }

export interface ReceiverOptions {
  /** Credit: never more unsettled deliveries than this. */
  readonly maxUnsettled: number
  /** The lease that core will ask for at each `extend`; a driver whose broker has sessions ignores it. */
  readonly leaseMs: number
}

/** `R` is the driver's receipt: opaque to core, dead with the epoch (channel, assignment, stream) that made it. */
export interface WireDelivery<R = unknown> {
  readonly receipt: R
  readonly message: WireMessage
  /** 1 at the first delivery here, `carriedAttempts` included. What it is worth: capability D3. */
  readonly attempt: number
  readonly redelivered: boolean
  /** On `runtime.now()`'s scale. Absent where the broker has sessions instead of leases. */
  readonly leaseUntil?: number
  /** Wall clock, milliseconds, by the broker. */
  readonly enqueuedAt?: number
  /** Where in a log. */
  readonly position?: string
  /** The client library's own message, for `delivery.native`. */
  readonly native: unknown
}

export interface Receiver<R = unknown> {
  /**
   * At most `max` deliveries; waits up to `waitMs` for the first where there is none (the broker's best, a hint). One call at a
   * time. Aborting ends the wait, not the request, and rejects with the signal's reason: what arrives late stays buffered here for
   * the next call, or is given back.
   * Throws when this receiver is dead for good.
   */
  receive(
    max: number,
    options: { readonly waitMs: number; readonly signal: AbortSignal },
  ): Promise<readonly WireDelivery<R>[]>
  /** One outcome per settlement, in their order. A receipt of a dead epoch is `lost`, and never settles another's message. */
  settle(batch: readonly Settlement<R>[], signal: AbortSignal): Promise<readonly SettleOutcome[]>
  /** Renews leases to `leaseMs` from now. Present exactly where deliveries carry `leaseUntil`. */
  extend?(receipts: readonly R[], leaseMs: number, signal: AbortSignal): Promise<readonly ExtendOutcome[]>
  /**
   * Gives deliveries back, to be handed out again at once (what was held: when it is due), in the order given, uncounted where the
   * broker can (D3). `attempts` is
   * what they have used up, this delivery included only if a handler saw it.
   */
  release(
    back: readonly { readonly receipt: R; readonly attempts: number }[],
    signal: AbortSignal,
  ): Promise<readonly SettleOutcome[]>
  /**
   * A handler gets these now, and `attempts` are used up from here on, this one included. A driver that can write it down counts
   * attempts exactly (D3): what a dead process had fetched and never handed to a handler counts for nothing. Others leave it out.
   */
  started?(begun: readonly { readonly receipt: R; readonly attempts: number }[]): void
  /**
   * Core keeps these in hand to hand them out again at `dueAt` (on `runtime.now()`'s scale), with `attempts` used up. A driver
   * that can write this down makes attempts exact over a crash; others leave it out.
   */
  hold?(held: readonly { readonly receipt: R; readonly attempts: number; readonly dueAt: number }[]): void
  /** At most one listener: core's. Told at once of every receipt that can no longer be settled. */
  onLost(listener: (receipts: readonly R[] | 'all', reason: string) => void): void
  /** Changes the credit while running. */
  resize(maxUnsettled: number): Promise<void>
  /** Keep the assignment and the leases, take nothing; core also stops calling `receive`. */
  pause(): void
  resume(): void
  /** The longest total lease that the broker grants one delivery. Absent where there is none. */
  readonly maxLeaseMs?: number
  /** How long a `receive` must find nothing before the source may be called empty. 0 where one look is proof. Default 1,000. */
  readonly emptyAfterMs?: number
  /** Inbox only: what others put into `replyTo`. */
  readonly address?: string
  /** Gives back what is unsettled, burning no attempt where the broker can. Core settled what it could before. */
  close(signal: AbortSignal): Promise<void>
}

/** Reject is core's: a confirmed copy in the dead-letter queue, then `ack`. */
export type Settlement<R = unknown> =
  | { readonly receipt: R; readonly as: 'ack' }
  | {
      readonly receipt: R
      readonly as: 'retry'
      /** At most the `maxMs` of capability D2. Never early. */
      readonly delayMs: number
      /** What the next delivery counts from: its attempt is `attempts` + 1. */
      readonly attempts: number
      /** `block`: keeps its place, and its key waits. `overtake`: to the tail, by a confirmed copy where the broker needs one. */
      readonly order: 'block' | 'overtake'
    }

export type SettleOutcome =
  | { readonly as: 'ok' }
  | { readonly as: 'lost' }
  | { readonly as: 'error'; readonly error: unknown }

export type ExtendOutcome =
  | { readonly as: 'ok'; readonly leaseUntil: number }
  | { readonly as: 'lost' }
  | { readonly as: 'error'; readonly error: unknown }
