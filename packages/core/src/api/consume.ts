import type { Delivery } from './message.ts'

/**
 * Resolves: ack. Throws: retry by policy. What it returns means nothing. A delivery that it settled itself stays as settled,
 * whatever it does after. May be called again with the same message: `delivery.id` is the same then.
 */
export type Handler<T> = (delivery: Delivery<T>) => unknown

/**
 * As a handler, for several at once: resolves, and all that it left unsettled is acked; throws, and all that it left unsettled is
 * retried. Of one key there is at most one message in a batch.
 */
export type BatchHandler<T> = (deliveries: readonly Delivery<T>[]) => unknown

/**
 * What becomes of a message whose handler threw, or that was retried. A policy of `consume` stands over that of the queue or
 * subscription, option by option; `backoff` is one option. A backoff that may exceed what the broker can delay by (D2) is a
 * `TypeError` at `consume`.
 */
export interface RetryPolicy {
  /** The first delivery included. 1 to 100, default 10. */
  readonly maxAttempts?: number
  readonly backoff?: {
    /** Before the second attempt. 0 to 86,400,000, default 1,000. */
    readonly initialMs?: number
    /** Each delay is that many times the one before. 1 to 10, default 2. */
    readonly factor?: number
    /** No delay is longer, jitter aside. 0 to 86,400,000, default 60,000. */
    readonly maxMs?: number
    /** Added at random, as a part of the delay; never subtracted, so that no retry is early. 0 to 1, default 0.2. */
    readonly jitter?: number
  }
  /**
   * Asked about what a handler threw: false sends the message to the dead letters at once, as `rejected`. Where it throws itself,
   * the message is retried. Default: every error is retried.
   */
  readonly retryIf?: (error: unknown, attempt: number) => boolean
  /** Where ordered: `block` (default) lets the key wait, `overtake` sends the message to the tail (O2, O3). */
  readonly onRetry?: 'block' | 'overtake'
  /**
   * After the last attempt: `dead-letter` (default), or `drop`, counted and with an event (D4). What is rejected, undecodable or
   * invalid becomes a dead letter all the same.
   */
  readonly exhausted?: 'dead-letter' | 'drop'
}

/** What `consume` takes. Checked before any I/O; what is wrong is a `TypeError`. */
export interface ConsumeOptions {
  /** Handlers at once; of batches, batches at once. 1 to 1,000, default 1. */
  readonly concurrency?: number
  /** Deliveries in hand at once, running or waiting (B1). `concurrency` to 1,000, default 2 × concurrency, at least 20. */
  readonly maxUnsettled?: number
  /** Over that of the queue or subscription, option by option. */
  readonly retry?: RetryPolicy
  /**
   * Bytes in hand at once, what runs included (B1). Sizes are guessed from what came before, so that a batch may exceed it, and a
   * single message of any size always fits. 1 to 1,073,741,824, default 16 MiB.
   */
  readonly maxBytes?: number
  /** Where the broker has leases: asked for at receipt and at each renewal, every third of it. 1,000 to 43,200,000, default 30,000. */
  readonly leaseMs?: number
  /** From the start of a handler. Then its signal aborts, the lease ends and the attempt counts. 1 to 86,400,000, default 900,000. */
  readonly maxHandlerMs?: number
  /** How long `close` lets handlers finish before it aborts their signals. 0 to 86,400,000, default that of `connect`. */
  readonly drainMs?: number
  /**
   * Called in this process for each message that this consumer dead-lettered, after that was confirmed. Throwing is an event
   * `hookFailed`. Never called for an ephemeral subscription, which has no dead letters.
   */
  readonly onDeadLetter?: (letter: DeadLettered) => void
  /** Aborts the opening of the consumer; later it closes it, as `close()` does. */
  readonly signal?: AbortSignal
}

/** What `consumeBatch` takes. `maxUnsettled` is at least `maxBatch` by default. */
export interface BatchOptions extends ConsumeOptions {
  /** At most that many deliveries for one call. 1 to 1,000, default 100. Never waits to fill up. */
  readonly maxBatch?: number
}

/**
 * What `receive` takes. `maxHandlerMs` runs from the moment that the loop hands a delivery out. There is no drain: a loop has no
 * handler to wait for, and its `close` gives back at once.
 */
export interface ReceiveOptions extends Omit<ConsumeOptions, 'concurrency' | 'onDeadLetter' | 'drainMs'> {
  /**
   * Ends the loop when nothing is left to take and nothing is in hand but dead letters that were kept, instead of waiting for more.
   * How long nothing must have come is the broker's. Default false.
   */
  readonly untilEmpty?: boolean
}

/** What an `onDeadLetter` hook and the event `deadLettered` are told. */
export interface DeadLettered {
  readonly id: string
  /** `orders`, or `order-placed/billing` for a subscription. */
  readonly origin: string
  /** `max-attempts`, `rejected`, `undecodable`, `invalid` or `crashed`. */
  readonly reason: string
  /** What the handler threw, the reason of `reject`, or what codec or schema said. */
  readonly error: unknown
  /** Used up before it died. */
  readonly attempts: number
}

/** A running consumer. */
export interface Worker extends AsyncDisposable {
  /** Resolves when closed. Rejects when it failed for good; an event `failed` says so too, and nobody has to await it. */
  readonly done: Promise<void>
  /** What it does now. */
  readonly stats: WorkerStats
  /**
   * Changes both while running, within the bounds of `ConsumeOptions`. `maxUnsettled` follows the default rule unless it is given
   * here. What runs goes on. `CLOSED` after the end.
   */
  resize(options: { readonly concurrency?: number; readonly maxUnsettled?: number }): Promise<void>
  /** Takes nothing new from the broker; keeps its place and what it has in hand, and works that off. */
  pause(): void
  /** Takes again. Without effect where it was not paused. */
  resume(): void
  /**
   * Stops taking, lets handlers finish up to `drainMs`, settles, gives back the rest (C1). A second call returns the same promise.
   * Never hangs, and is not unsubscribing (S5).
   */
  close(options?: CloseOptions): Promise<void>
}

/** Counts since the consumer started, each raised when the decision falls, not when the broker confirms it. */
export interface WorkerStats {
  /** Handlers running. */
  readonly running: number
  /** Deliveries in hand: running, waiting for a slot or their key, or held for a retry. */
  readonly unsettled: number
  readonly acked: number
  readonly retried: number
  /** The one that is raised when the broker confirmed it. */
  readonly deadLettered: number
  /** After the last attempt with `exhausted: 'drop'`, or because an ephemeral subscription has no dead letters. */
  readonly dropped: number
  /** Dropped here because their time was over. */
  readonly expired: number
  /** Deliveries that the broker took back while in hand. */
  readonly lost: number
}

export interface CloseOptions {
  /** How long handlers may finish. 0 to 86,400,000, default that of each consumer. A loop does not wait. */
  readonly drainMs?: number
}

/**
 * Deliveries as an async iterable. The loop never acks by itself; after `break` nothing more is taken, what was not handed out
 * goes back, and what was handed out stays out, its lease renewed, until it is settled or this is closed. A loop that is over
 * closes itself once nothing is out.
 *
 * @example Until nothing is left
 * ```ts
 * for await (const letter of orders.deadLetters.receive({ untilEmpty: true })) {
 *   console.log(letter.dead?.reason, letter.body)
 *   await letter.ack()
 * }
 * ```
 */
export interface Deliveries<T> extends AsyncIterable<Delivery<T>>, AsyncDisposable {
  readonly stats: WorkerStats
  /** Ends the loop and gives back at once what is not settled, its signal aborted. Idempotent. */
  close(options?: CloseOptions): Promise<void>
}
