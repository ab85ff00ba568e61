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

/** `create` when first opened, never again on a reconnect; `verify` compares; `never` makes no administrative call at all (A5). */
export type Provision = 'create' | 'verify' | 'never'

interface EntityOptions<T> {
  /** `json` (default, strict), `text`, `bytes`, or your own. */
  readonly codec?: 'json' | 'text' | 'bytes' | Codec<T>
  /** A Standard Schema (zod, valibot, arktype, …), checked at both ends (M7). What it returns is what is sent and delivered. */
  readonly schema?: StandardSchemaV1<unknown, T>
  /** `none` (default) or `key` (O1). Fixed when created; a subscription inherits it. */
  readonly ordering?: 'none' | 'key'
  /** Default: that of `connect`. */
  readonly provision?: Provision
  /** `native: { rabbitmq: {…}, kafka: {…} }`: read by the driver of that name, ignored by others. */
  readonly native?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

export interface QueueOptions<T> extends EntityOptions<T> {
  /** Default for its consumers. */
  readonly retry?: RetryPolicy
}

export interface TopicOptions<T> extends EntityOptions<T> {}

export interface SubscriptionOptions {
  /** Only what matches is kept (R3). Identity: the same name with another filter is `CONFLICT`. */
  readonly filter?: Filter
  /** Where a new one starts: `now` (default) or `earliest` (R2). */
  readonly from?: 'now' | 'earliest'
  /** Default for its consumers. */
  readonly retry?: RetryPolicy
  readonly native?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly signal?: AbortSignal
}

export interface AdminOptions {
  readonly signal?: AbortSignal
  /** Default 30,000. */
  readonly timeoutMs?: number
}

/** What a queue and a durable subscription have in common: something to consume from. */
export interface Source<T> {
  readonly name: string
  /** Starts a consumer; resolves when it is ready to take. Any number may run, here and elsewhere: they compete. */
  consume(handler: Handler<T>, options?: ConsumeOptions): Promise<Worker>
  consumeBatch(handler: BatchHandler<T>, options?: BatchOptions): Promise<Worker>
  /** The same as a loop. Opens at the first `next()`. */
  receive(options?: ReceiveOptions): Deliveries<T>
  readonly deadLetters: DeadLetters<T>
  /** A2. `exact: true` asks for an exact figure: `UNSUPPORTED` where the broker only estimates. */
  depth(options?: AdminOptions & { readonly exact?: boolean }): Promise<Depth>
  /** A3: the next messages without taking them. Default 10, at most 1,000. What can't be decoded is left out of the list. */
  peek(options?: AdminOptions & { readonly max?: number }): Promise<readonly Message<T>[]>
  /** A4: drops what waits. Resolves with the number where the broker tells it. */
  purge(options?: AdminOptions): Promise<number | undefined>
}

/** Point-to-point: each message goes to one consumer, is kept until that settled it, and is dead-lettered when nobody can. */
export interface Queue<T> extends Source<T> {
  /** Opens it now instead of at the first call that needs it. */
  open(options?: AdminOptions): Promise<void>
  /** Resolves when the broker has it. Rejects with a `BrokerError` whose `outcome` says refused or unknown. */
  send(body: T, options?: SendOptions): Promise<Sent>
  /** Rejects with a `SendAllError` that holds one outcome per message, if any failed. An empty list resolves. */
  sendAll(messages: Iterable<Outgoing<T>>, options?: SendAllOptions): Promise<readonly Sent[]>
  /** Sends and resolves with the reply, or rejects with `TIMEOUT` after `timeoutMs` (default 30,000) (R4). */
  request<R = unknown>(body: T, options?: Omit<SendOptions, 'until' | 'replyTo' | 'correlationId'>): Promise<Message<R>>
  /** Deletes it with its backlog and dead letters. Resolves false where there was none. */
  delete(options?: AdminOptions): Promise<boolean>
}

/** Events: every subscription gets them, and the publisher knows none of them. */
export interface Topic<T> {
  readonly name: string
  open(options?: AdminOptions): Promise<void>
  /** Resolves when the broker has it, with or without subscriptions (T2). */
  publish(body: T, options?: SendOptions): Promise<Sent>
  publishAll(messages: Iterable<Outgoing<T>>, options?: SendAllOptions): Promise<readonly Sent[]>
  /** Creates it, or finds it, with the topic itself where that is missing. From here on it keeps messages (S1). */
  durableSubscription(name: string, options?: SubscriptionOptions): Promise<DurableSubscription<T>>
  /** An ephemeral subscription and its one consumer: sees what is published from here on until it is closed (E1). */
  subscribe(
    handler: Handler<T>,
    options?: ConsumeOptions & Pick<SubscriptionOptions, 'filter' | 'native'>,
  ): Promise<Worker>
  /** Deletes the topic with all its subscriptions. */
  delete(options?: AdminOptions): Promise<boolean>
}

/** Keeps messages while its consumers are away, until it is unsubscribed. */
export interface DurableSubscription<T> extends Source<T> {
  readonly topic: string
  /** R1: back or forth to what was published at or after a time, or to the start. With consumers elsewhere `CONFLICT`. */
  seek(to: Date | 'start', options?: AdminOptions): Promise<void>
  /** Drops the backlog and the dead letters, and the broker stops keeping messages (S5). With a live consumer here: `CONFLICT`. */
  unsubscribe(options?: AdminOptions): Promise<void>
}

/** The dead-letter queue of one queue or one durable subscription (D9). */
export interface DeadLetters<T> {
  /** As exact as A2 is. */
  count(options?: AdminOptions): Promise<number>
  /** `ack` drops a letter, `retry` keeps it, `reject` drops it. What can't be decoded is delivered with an `undefined` body. */
  receive(options?: ReceiveOptions): Deliveries<T | undefined>
  /** A3: the next letters without touching them. Default 10, at most 1,000. What can't be decoded has an `undefined` body. */
  peek(options?: AdminOptions & { readonly max?: number }): Promise<readonly Letter<T>[]>
  /** Sends letters back to where they came from, attempts from 1, each confirmed before it leaves the dead letters. */
  redrive(options?: RedriveOptions<T>): Promise<Redriven>
  purge(options?: AdminOptions): Promise<number | undefined>
}

export interface RedriveOptions<T> {
  /** Only those for which this is true; others stay. Default: all. */
  readonly where?: (letter: Letter<T>) => boolean
  /** Mends a letter on the way: what it returns replaces the body, and the headers where it names them; checked as `send` would. */
  readonly change?: (letter: Letter<T>) => { readonly body: T; readonly headers?: Readonly<Record<string, string>> }
  /** At most that many. Default: all that are there now. */
  readonly max?: number
  readonly signal?: AbortSignal
}

/** A dead letter as `where` and `change` see it. */
export interface Letter<T> extends Message<T | undefined> {
  readonly dead: DeadLetter
}

export interface Redriven {
  readonly redriven: number
  readonly skipped: number
}
