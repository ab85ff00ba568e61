import type { Capabilities, EntityRef, Runtime } from '@anybroker/driver'
import type { CloseOptions } from './consume.ts'
import type { AdminOptions, Provision, Queue, QueueOptions, Topic, TopicOptions } from './entities.ts'
import type { BrokerEvents } from './events.ts'

export interface ConnectOptions {
  /** Default of every entity: `create`. */
  readonly provision?: Provision
  /** `portable` (default): what every broker takes. `native`: what this one takes, body and header sizes only. */
  readonly limits?: 'portable' | 'native'
  /** Who publishes: arrives as `source` with every message. At most 128 characters. Default: none. */
  readonly source?: string
  /** Each 1 to 86,400,000. Defaults 10,000, 30,000 and 10,000. */
  readonly connectTimeoutMs?: number
  readonly sendTimeoutMs?: number
  readonly settleTimeoutMs?: number
  /** Sends that may wait at once, per queue or topic. Defaults 1,000 messages and 16 MiB (B3). */
  readonly sendWindow?: { readonly maxMessages?: number; readonly maxBytes?: number }
  /** Default 20,000: that of `close` where consumers did not say. */
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
  /** The client library's own object of the present connection. */
  readonly native: unknown
  /** No I/O: the first call that needs the queue opens it. The same name again is the same queue; other options are a `TypeError`. */
  queue<T = unknown>(name: string, options?: QueueOptions<T>): Queue<T>
  topic<T = unknown>(name: string, options?: TopicOptions<T>): Topic<T>
  /** A6: queues, topics and durable subscriptions of this namespace. */
  list(options?: AdminOptions): Promise<readonly EntityRef[]>
  /** Returns what takes the listener off again. */
  on<E extends keyof BrokerEvents>(event: E, listener: (facts: BrokerEvents[E]) => void): () => void
  /** Drains consumers, flushes sends, closes all. Idempotent; ends at most 5 s after `drainMs` (C1). */
  close(options?: CloseOptions): Promise<void>
}
