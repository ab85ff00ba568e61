import type { Depth, Filter } from '@anybroker/driver'
import type { Codec } from '../codec/codec.ts'
import type { StandardSchemaV1 } from '../codec/standard-schema.ts'
import type {
  BatchHandler,
  BatchOptions,
  ConsumeOptions,
  Deliveries,
  Handler,
  ReceiveOptions,
  RetryPolicy,
  Worker,
} from './consume.ts'
import type { DeadLetter, Message, Outgoing, SendAllOptions, SendOptions, Sent } from './message.ts'

/**
 * `create`: made where missing, when first opened and never again on a reconnect. `verify`: only compared; missing is `NOT_FOUND`.
 * `never`: no administrative call; missing is `NOT_FOUND` where it is first used (A5). What differs is `CONFLICT` with `create` and
 * `verify`. An ephemeral subscription is made in each case: it can't exist before.
 */
export type Provision = 'create' | 'verify' | 'never'

interface EntityOptions<T> {
  /** `json` (default; refuses what JSON would lose), `text`, `bytes`, or your own. */
  readonly codec?: 'json' | 'text' | 'bytes' | Codec<T>
  /**
   * A Standard Schema (zod, valibot, arktype, …), applied at both ends (M7). What it returns is what is sent and delivered, so one
   * that transforms does so twice. Default: none.
   */
  readonly schema?: StandardSchemaV1<unknown, T>
  /** `none` (default) or `key` (O1). Fixed when created: opening it in the other mode is `CONFLICT`. A subscription inherits it. */
  readonly ordering?: 'none' | 'key'
  /** Default: that of `connect`. */
  readonly provision?: Provision
  /** `native: { rabbitmq: {…}, kafka: {…} }`: read by the driver of that name, ignored by others. */
  readonly native?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** What `broker.queue` takes. */
export interface QueueOptions<T> extends EntityOptions<T> {
  /** Default for its consumers. */
  readonly retry?: RetryPolicy
}

/** What `broker.topic` takes. Codec, schema, ordering and provision are those of its subscriptions too. */
export interface TopicOptions<T> extends EntityOptions<T> {}

/** What `durableSubscription` takes. `filter` and `from` are its identity: the same name with others is `CONFLICT` (S6). */
export interface SubscriptionOptions {
  /** Only what matches is kept (R3). `UNSUPPORTED` for an operator that can't be had. Default: everything. */
  readonly filter?: Filter
  /** Where a new one starts: `now` (default) or `earliest` (R2). Ask for the same again later, wherever it is by then. */
  readonly from?: 'now' | 'earliest'
  /** Default for its consumers. */
  readonly retry?: RetryPolicy
  /** As that of a queue. */
  readonly native?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Ends the waiting. What was under way at the broker may still be created. */
  readonly signal?: AbortSignal
}

/** What every call takes that asks or changes something at the broker. */
export interface AdminOptions {
  /** Ends the waiting with its reason. What was under way at the broker may still happen. */
  readonly signal?: AbortSignal
  /** How long to try, waiting for a connection included; then `TIMEOUT`. 1 to 86,400,000, default 30,000. */
  readonly timeoutMs?: number
}

/** What a queue and a durable subscription have in common: something to consume from. */
export interface Source<T> {
  readonly name: string
  /**
   * Starts a consumer; resolves when it is ready to take. Any number may run, here and elsewhere: they compete. It outlives
   * outages; what no reconnect can mend (deleted, no rights) ends it: `worker.done` rejects, and an event `failed` says so.
   *
   * @throws TypeError For an option that is wrong, and for a backoff that is longer than the broker can delay by.
   * @throws BrokerError `NOT_FOUND`, `CONFLICT`, `UNAUTHORIZED`, `TIMEOUT` after `connectTimeoutMs`, `CLOSED`; `UNSUPPORTED` for
   * `onRetry: 'overtake'` where that can't be had.
   *
   * @example Eight at once, with time to finish
   * ```ts
   * await using worker = await orders.consume(
   *   async (delivery) => {
   *     await ship(delivery.body, { signal: delivery.signal })
   *   },
   *   { concurrency: 8, drainMs: 30_000 },
   * )
   * ```
   */
  consume(handler: Handler<T>, options?: ConsumeOptions): Promise<Worker>
  /** As `consume`, with a handler for up to `maxBatch` deliveries at once. Never waits to fill a batch. */
  consumeBatch(handler: BatchHandler<T>, options?: BatchOptions): Promise<Worker>
  /**
   * The same as a loop, which settles nothing by itself. Opens at the first `next()`, which rejects with what `consume` would.
   * Throws a `TypeError` at once for an option that is wrong.
   *
   * @example One message, settled by hand
   * ```ts
   * for await (const delivery of orders.receive()) {
   *   await ship(delivery.body)
   *   await delivery.ack()
   *   break
   * }
   * ```
   */
  receive(options?: ReceiveOptions): Deliveries<T>
  readonly deadLetters: DeadLetters<T>
  /**
   * A2: how many are deliverable now (`ready`), and where the broker tells it, in hand and waiting for their time. `exact: true` asks
   * for exact figures: `UNSUPPORTED` where the broker only estimates. Default false.
   */
  depth(options?: AdminOptions & { readonly exact?: boolean }): Promise<Depth>
  /** A3: the next messages without taking them. `max`: 1 to 1,000, default 10. What can't be decoded is left out of the list. */
  peek(options?: AdminOptions & { readonly max?: number }): Promise<readonly Message<T>[]>
  /** A4: drops what waits; what is in hand stays there. Resolves with the number where the broker tells it. */
  purge(options?: AdminOptions): Promise<number | undefined>
}

/**
 * Point-to-point: each message goes to one consumer, is kept until that settled it, and is dead-lettered when nobody can. Every call
 * that needs it opens it; nobody has to.
 *
 * @example Send and consume
 * ```ts
 * const orders = broker.queue<Order>('orders', { schema: Order, retry: { maxAttempts: 5 } })
 * await using worker = await orders.consume((delivery) => ship(delivery.body))
 * await orders.send({ id: 1, total: 40 })
 * ```
 */
export interface Queue<T> extends Source<T> {
  /**
   * Opens it now instead of at the first call that needs it: `NOT_FOUND`, `CONFLICT` and the like show here. Waits for
   * `timeoutMs` (default 30,000), or as long as the `connectTimeoutMs` of `connect`, whichever ends first.
   */
  open(options?: AdminOptions): Promise<void>
  /**
   * Resolves when the broker has it; with `until: 'buffered'`, once it is in the window (B4). A try whose outcome is unknown is
   * repeated with the same id until `timeoutMs` is over, so a message may be stored twice.
   *
   * @throws TypeError (as a rejection, before any I/O) For an option, header or key that is wrong.
   * @throws BrokerError With `outcome` `refused` or `unknown`: `INVALID_MESSAGE` or `MESSAGE_TOO_LARGE` for the body, `TIMEOUT`,
   * `NOT_FOUND`, `CONFLICT`, `UNAUTHORIZED`, `REFUSED`, `CLOSED`. `UNSUPPORTED` for an option that can't be had: nothing was sent.
   *
   * @example A send that may have arrived
   * ```ts
   * try {
   *   await orders.send(order, { id: `order-${order.id}` })
   * } catch (error) {
   *   if (error instanceof BrokerError && error.outcome === 'unknown') await checkLater(order.id)
   *   else throw error
   * }
   * ```
   */
  send(body: T, options?: SendOptions): Promise<Sent>
  /**
   * Sends all, each with its own outcome; resolves in their order. Reads the iterable no faster than the window takes. An empty one
   * resolves.
   *
   * @throws SendAllError If any failed: `outcomes` has one per message. Its `code` is that of the first failure; a message whose
   * options are wrong counts as refused, with `INVALID_MESSAGE`.
   */
  sendAll(messages: Iterable<Outgoing<T>>, options?: SendAllOptions): Promise<readonly Sent[]>
  /**
   * Sends and resolves with the reply, decoded by its content type: text, bytes, else JSON. No schema looks at it. Rejects with
   * `TIMEOUT` after `timeoutMs` (default 30,000, whatever `connect` says), or as `send` does; a reply that comes later is dropped
   * (R4).
   *
   * @example Ask, and answer elsewhere
   * ```ts
   * await prices.consume(async (delivery) => {
   *   await delivery.reply({ price: await priceOf(delivery.body.article) })
   * })
   * const { body } = await prices.request<{ price: number }>({ article: 'A-1' }, { timeoutMs: 5_000 })
   * ```
   */
  request<R = unknown>(body: T, options?: Omit<SendOptions, 'until' | 'replyTo' | 'correlationId'>): Promise<Message<R>>
  /**
   * Deletes it with its backlog and dead letters. Resolves false where there was none. Consumers of it fail for good, with
   * `NOT_FOUND`; the next call that needs it creates it again, where `provision` is `create`.
   */
  delete(options?: AdminOptions): Promise<boolean>
}

/**
 * Events: every subscription gets each of them, and the publisher knows no subscription. There is no `consume`: who wants to
 * consume makes a subscription.
 *
 * @example Publish, and keep for whoever is away
 * ```ts
 * const placed = broker.topic<Placed>('order-placed')
 * const billing = await placed.durableSubscription('billing')
 * await placed.publish({ order: 1 })
 * await using worker = await billing.consume((delivery) => charge(delivery.body))
 * ```
 */
export interface Topic<T> {
  readonly name: string
  /** As `Queue.open`. */
  open(options?: AdminOptions): Promise<void>
  /** Resolves when the broker has it, with or without subscriptions (T2). Otherwise as `Queue.send`. */
  publish(body: T, options?: SendOptions): Promise<Sent>
  /** As `Queue.sendAll`. */
  publishAll(messages: Iterable<Outgoing<T>>, options?: SendAllOptions): Promise<readonly Sent[]>
  /**
   * Creates it, or finds it, with the topic itself where that is missing, as `provision` says. From here on it keeps messages (S1).
   * With `provision: 'never'` nothing is looked for: a missing one is `NOT_FOUND` when it is first used.
   *
   * @throws BrokerError `CONFLICT` where it exists with other options, the differences in `facts` (S6); `UNSUPPORTED` for a filter
   * or a `from` that can't be had; `TIMEOUT` after `connectTimeoutMs`.
   */
  durableSubscription(name: string, options?: SubscriptionOptions): Promise<DurableSubscription<T>>
  /**
   * An ephemeral subscription and its one consumer: sees what is published from here on until it is closed (E1). After an outage
   * that it could not bridge there is an event `gap`. It has no dead letters: what it can't handle is dropped with an event.
   *
   * @throws BrokerError As `consume`; `UNSUPPORTED` where E1 can't be had.
   */
  subscribe(
    handler: Handler<T>,
    options?: ConsumeOptions & Pick<SubscriptionOptions, 'filter' | 'native'>,
  ): Promise<Worker>
  /** Deletes the topic with all its subscriptions, their backlogs and dead letters. Resolves false where there was none. */
  delete(options?: AdminOptions): Promise<boolean>
}

/**
 * Keeps messages while its consumers are away, until it is unsubscribed. Made by `topic.durableSubscription`; consumed as a queue is.
 *
 * @example Away, and back
 * ```ts
 * const billing = await placed.durableSubscription('billing')
 * const worker = await billing.consume(handler)
 * await worker.close() // away: messages are kept
 * await billing.consume(handler) // back: sees what came meanwhile
 * ```
 */
export interface DurableSubscription<T> extends Source<T> {
  readonly topic: string
  /**
   * R1: back or forth to what was published at or after a time, or to the start of what is kept. With consumers elsewhere
   * `CONFLICT`; deliveries in hand here are lost.
   */
  seek(to: Date | 'start', options?: AdminOptions): Promise<void>
  /**
   * Drops the backlog and the dead letters, and the broker stops keeping messages (S5). With a live consumer of this broker object
   * `CONFLICT`; where there is none of that name `NOT_FOUND`.
   */
  unsubscribe(options?: AdminOptions): Promise<void>
}

/** The dead-letter queue of one queue or one durable subscription (D9). */
export interface DeadLetters<T> {
  /** All that the broker tells of: deliverable, in hand, delayed. As exact as A2 is. */
  count(options?: AdminOptions): Promise<number>
  /**
   * `ack` and `reject` drop a letter. `retry` keeps it: it stays in hand, so that the loop does not meet it again, and goes back when
   * the loop closes. What can't be decoded is delivered with an `undefined` body; `bytes` has it all the same.
   */
  receive(options?: ReceiveOptions): Deliveries<T | undefined>
  /** A3: the next letters without touching them. `max`: 1 to 1,000, default 10. What can't be decoded has an `undefined` body. */
  peek(options?: AdminOptions & { readonly max?: number }): Promise<readonly Letter<T>[]>
  /**
   * Sends letters back to where they came from (that queue, or that subscription alone), with the same id and attempts from 1. Each
   * is confirmed there before it leaves the dead letters: a crash between the two leaves both. Ends when nothing is left to look at.
   * Letters in other hands are not seen.
   *
   * Rejects with what `where` or `change` threw, with `INVALID_MESSAGE` for a body that does not fit, or as `send` does. What was
   * sent back before stays so, and the rest stays where it is.
   *
   * @example Mend what one service wrote wrong
   * ```ts
   * const { redriven, skipped } = await billing.deadLetters.redrive({
   *   where: ({ dead }) => dead.reason === 'max-attempts',
   *   change: (letter) => ({ body: corrected(letter) }),
   *   max: 100,
   * })
   * ```
   */
  redrive(options?: RedriveOptions<T>): Promise<Redriven>
  /** A4: drops all that waits. */
  purge(options?: AdminOptions): Promise<number | undefined>
}

/** What `redrive` takes. `where` may be asked again about a letter that it refused, where there are hundreds of those. */
export interface RedriveOptions<T> {
  /** Only those for which this is true; others stay. Default: all. */
  readonly where?: (letter: Letter<T>) => boolean
  /** Mends a letter on the way: what it returns replaces the body, and the headers where it names them; checked as `send` would. */
  readonly change?: (letter: Letter<T>) => { readonly body: T; readonly headers?: Readonly<Record<string, string>> }
  /** Sends at most that many back. 1 or more. Default: all that are there, those included that come meanwhile. */
  readonly max?: number
  /** Ends it with its reason, between two letters at the latest. */
  readonly signal?: AbortSignal
}

/** A dead letter as `where` and `change` see it. */
export interface Letter<T> extends Message<T | undefined> {
  readonly dead: DeadLetter
}

export interface Redriven {
  /** Sent back. */
  readonly redriven: number
  /** Seen, and refused by `where`. */
  readonly skipped: number
}
