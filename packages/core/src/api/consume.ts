import type { Delivery } from './message.ts'

/**
 * Resolves: ack. Throws: retry by policy. What it returns means nothing. A delivery that it settled itself stays as settled,
 * whatever it does after.
 */
export type Handler<T> = (delivery: Delivery<T>) => unknown

/** As a handler, for several at once: resolves, and all that it left unsettled is acked; throws, and all that is retried. */
export type BatchHandler<T> = (deliveries: readonly Delivery<T>[]) => unknown

export interface RetryPolicy {
  /** The first delivery included. 1 to 100, default 10. */
  readonly maxAttempts?: number
  readonly backoff?: {
    /** Before the second attempt. 0 to 86,400,000, default 1,000. */
    readonly initialMs?: number
    /** Each delay is that many times the one before. 1 to 10, default 2. */
    readonly factor?: number
    /** Default 60,000. */
    readonly maxMs?: number
    /** Added at random, as a part of the delay; never subtracted, so that no retry is early. 0 to 1, default 0.2. */
    readonly jitter?: number
  }
  /** Asked about what a handler threw: false sends the message to the dead letters at once. Default: every error is retried. */
  readonly retryIf?: (error: unknown, attempt: number) => boolean
  /** Where ordered: `block` (default) lets the key wait, `overtake` sends the message to the tail (O2, O3). */
  readonly onRetry?: 'block' | 'overtake'
  /** After the last attempt: `dead-letter` (default), or `drop`, counted and with an event (D4). */
  readonly exhausted?: 'dead-letter' | 'drop'
}

export interface ConsumeOptions {
  /** Handlers at once. 1 to 1,000, default 1. */
  readonly concurrency?: number
  /** Deliveries in hand at once, running or waiting (B1). `concurrency` to 1,000, default 2 × concurrency, at least 20. */
  readonly maxUnsettled?: number
  /** Overrides that of the queue or subscription. */
  readonly retry?: RetryPolicy
  /** Bytes of bodies and headers fetched beyond what runs. 1 or more, default 16 MiB. */
  readonly maxBytes?: number
  /** Where the broker has leases: asked for at receipt and at each renewal, every third of it. 1,000 to 43,200,000, default 30,000. */
  readonly leaseMs?: number
  /** Then the signal aborts, the lease ends and the attempt counts. 1 or more, default 900,000. */
  readonly maxHandlerMs?: number
  /** How long `close` lets handlers finish before it aborts their signals. 0 or more, default 20,000. */
  readonly drainMs?: number
  /** Called in this process for each message that this consumer dead-lettered, after that was confirmed. Throwing is an event. */
  readonly onDeadLetter?: (letter: DeadLettered) => void
  /** Aborts the opening of the consumer; later it closes it. */
  readonly signal?: AbortSignal
}

export interface BatchOptions extends ConsumeOptions {
  /** At most that many deliveries for one call. 1 to 1,000, default 100. Never waits to fill up. */
  readonly maxBatch?: number
}

export interface ReceiveOptions extends Omit<ConsumeOptions, 'concurrency' | 'onDeadLetter'> {
  /** Ends the loop when nothing is left to take and nothing is in hand, instead of waiting for more. Default false. */
  readonly untilEmpty?: boolean
}

/** What an `onDeadLetter` hook and the event `deadLettered` are told. */
export interface DeadLettered {
  readonly id: string
  readonly origin: string
  readonly reason: string
  readonly error: unknown
  readonly attempts: number
}

/** A running consumer. */
export interface Worker extends AsyncDisposable {
  /** Resolves when closed. Rejects when it failed for good; an event `failed` says so too, and nobody has to await it. */
  readonly done: Promise<void>
  /** What it does now. */
  readonly stats: WorkerStats
  /** Changes both while running; `maxUnsettled` follows the default rule unless given. */
  resize(options: { readonly concurrency?: number; readonly maxUnsettled?: number }): Promise<void>
  /** Takes nothing new; keeps its place and what it has in hand. */
  pause(): void
  resume(): void
  /** Stops taking, lets handlers finish up to `drainMs`, settles, gives back the rest (C1). Idempotent, never hangs. */
  close(options?: CloseOptions): Promise<void>
}

export interface WorkerStats {
  /** Handlers running. */
  readonly running: number
  /** Deliveries in hand: running, waiting for a slot or their key, or held for a retry. */
  readonly unsettled: number
  readonly acked: number
  readonly retried: number
  readonly deadLettered: number
  readonly dropped: number
  readonly expired: number
  /** Deliveries that the broker took back while in hand. */
  readonly lost: number
}

export interface CloseOptions {
  /** Default that of the consumer. */
  readonly drainMs?: number
}

/**
 * Deliveries as an async iterable. The loop never acks by itself; after `break` nothing more is taken, what was not handed out
 * goes back, and what was handed out stays out, its lease renewed, until it is settled or this is closed.
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
  close(options?: CloseOptions): Promise<void>
}
