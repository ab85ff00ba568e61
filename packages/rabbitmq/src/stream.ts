import { BrokerError, type EntitySettings, type SubscriptionRef, type TopicRef } from '@anybroker/driver'
import type { Channel } from 'amqplib'
import { replyCode } from './errors.ts'
import { described, partitionKey, PARTITIONS } from './names.ts'
import type { Session } from './session.ts'
import { kept, type Kept, type StreamSettings } from './stream-options.ts'
import { hasQueue } from './there.ts'

/** RabbitMQ's default, and the most that one file of a stream takes: what is too old or too much goes by whole files. */
const LARGEST_SEGMENT_BYTES = 500_000_000
const SMALLEST_SEGMENT_BYTES = 1_000_000
/** A stream is cut to its bound by a file at a time: more files cut it closer. */
const SEGMENTS = 20

/**
 * The streams behind topics: `<ns>.t.<topic>.log`, bound to the topic's exchange like a subscription that nobody consumes from, so
 * that a publish is confirmed only when the stream has it, too.
 */
export class Streams {
  readonly #session: Session
  readonly #settings: StreamSettings

  constructor(session: Session, settings: StreamSettings) {
    this.#session = session
    this.#settings = settings
  }

  /** What is asked for this topic; undefined for none. Throws a `TypeError` on a native block that makes no sense here. */
  wanted(ref: TopicRef, { native }: EntitySettings): Kept | undefined {
    return kept(described(ref), native, this.#settings)
  }

  /**
   * Makes it where it is missing, also behind a topic that is there already: its history then begins now. One that is there keeps
   * its own bounds. Where it may not be bound again, somebody with the right to do it has bound it.
   */
  async ensure(ref: TopicRef, { maxAgeMs, maxBytes }: Kept): Promise<void> {
    const name = this.#session.names.log(ref)
    if (!(await hasQueue(this.#session, name))) {
      await this.#session.aside((channel) =>
        channel.assertQueue(name, {
          durable: true,
          arguments: {
            'x-queue-type': 'stream',
            // Whole seconds, rounded up: nothing goes early.
            'x-max-age': `${Math.ceil(maxAgeMs / 1000)}s`,
            'x-max-length-bytes': maxBytes,
            'x-stream-max-segment-size-bytes': segmentBytes(maxBytes),
          },
        }),
      )
    }
    try {
      await this.#session.aside((channel) => this.#bind(channel, ref, name))
    } catch (error) {
      if (replyCode(error) !== 403) throw error
    }
  }

  /** The stream of a subscription's topic, or `UNSUPPORTED`. */
  async demand(clause: 'R1' | 'R2', action: string, ref: SubscriptionRef): Promise<string> {
    const name = this.#session.names.log(ref)
    if (await hasQueue(this.#session, name)) return name
    const why =
      "it was made without a stream; open it with native: { rabbitmq: { stream: true } } or with the driver's stream=all"
    throw new BrokerError('UNSUPPORTED', `${action}: topic ${ref.topic} keeps no history: ${why}`, { clause })
  }

  async #bind(channel: Channel, ref: TopicRef, name: string): Promise<void> {
    const exchange = this.#session.names.base(ref)
    const keys = ref.ordering === 'key' ? Array.from({ length: PARTITIONS }, (_, index) => partitionKey(index)) : ['']
    for (const key of keys) await channel.bindQueue(name, exchange, key)
  }
}

function segmentBytes(maxBytes: number): number {
  return Math.min(LARGEST_SEGMENT_BYTES, Math.max(SMALLEST_SEGMENT_BYTES, Math.ceil(maxBytes / SEGMENTS)))
}
