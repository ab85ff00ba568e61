import type { Capabilities, EntityRef, Runtime } from '@anybroker/driver'
import type { CloseOptions } from './consume.ts'
import type { AdminOptions, Provision, Queue, QueueOptions, Topic, TopicOptions } from './entities.ts'
import type { BrokerEvents } from './events.ts'

/** What `connect` takes beside the URL or driver. Checked at once; what is wrong is a `TypeError`. */
export interface ConnectOptions {
  /** What queues, topics and subscriptions go by that say nothing themselves. Default `create` (A5). */
  readonly provision?: Provision
  /**
   * `portable` (default): bodies up to 180 KiB, and the limits of `SendOptions.headers`. `native`: bodies as large as this broker
   * takes, headers of any count and size. Rules for names and characters stay.
   */
  readonly limits?: 'portable' | 'native'
  /** Who publishes: arrives as `source` with every message. 1 to 128 characters. Default: none. */
  readonly source?: string
  /** For connecting, and for each opening of a queue, topic, subscription or consumer. 1 to 86,400,000, default 10,000. */
  readonly connectTimeoutMs?: number
  /** From the call of a send on, its waiting and its retries included. 1 to 86,400,000, default 30,000. */
  readonly sendTimeoutMs?: number
  /** For the broker's answer to a settlement, its retries included. 1 to 86,400,000, default 10,000. */
  readonly settleTimeoutMs?: number
  /**
   * What may be under way to one queue or topic; further sends wait (B3). `maxMessages`: 1 to 1,000,000, default 1,000. `maxBytes`:
   * 1 to 1,073,741,824, default 16 MiB. Waiting sends may hold 16 times `maxBytes`; beyond that a send is `REFUSED` at once.
   */
  readonly sendWindow?: { readonly maxMessages?: number; readonly maxBytes?: number }
  /** How long `close` lets handlers finish, for consumers that do not say. 0 to 86,400,000, default 20,000. */
  readonly drainMs?: number
  /** Time, chance and log. Default: this process's. Tests bring their own (`@anybroker/testkit`). */
  readonly runtime?: Runtime
  /** Default: warnings and errors by `process.emitWarning`; `false` for none. Ignored where `runtime` is given. */
  readonly log?: Runtime['log'] | false
  /** Aborts the connecting, not the broker. */
  readonly signal?: AbortSignal
}

/** A connection to one broker, kept alive until closed. */
export interface Broker extends AsyncDisposable {
  /** `memory`, `rabbitmq`, … */
  readonly driver: string
  /** Grades and limits per clause of the contract, as this broker said and as core raised them. */
  readonly capabilities: Capabilities
  /** The client library's own object of the present connection. Undefined while there is none; another after a reconnect. */
  readonly native: unknown
  /**
   * A queue by its name. No I/O: the first call that needs the queue opens it. The same name again, with the same options or none,
   * is the same queue.
   *
   * @throws TypeError For a name or an option that is wrong, and for other options than before.
   * @throws BrokerError `UNSUPPORTED` for `ordering: 'key'` where the broker has no order, `CLOSED` after `close`.
   */
  queue<T = unknown>(name: string, options?: QueueOptions<T>): Queue<T>
  /** A topic by its name. As `queue`; queues and topics have names apart. */
  topic<T = unknown>(name: string, options?: TopicOptions<T>): Topic<T>
  /** A6: queues, topics and durable subscriptions of this namespace. `UNSUPPORTED` where the broker can't tell. */
  list(options?: AdminOptions): Promise<readonly EntityRef[]>
  /** Adds a listener and returns what takes it off again. An unknown event is a `TypeError`. */
  on<E extends keyof BrokerEvents>(event: E, listener: (facts: BrokerEvents[E]) => void): () => void
  /**
   * Drains consumers, flushes sends, closes the connection. A second call returns the same promise. Ends at most 5 s after the
   * drain, whatever the broker does; what was not sent by then fails with `CLOSED` (C1). Afterwards every call is `CLOSED` (C2).
   */
  close(options?: CloseOptions): Promise<void>
}
