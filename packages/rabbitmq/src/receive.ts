import {
  type BrokerError,
  Epoch,
  EpochReceipt,
  type InboxRef,
  type Receiver,
  type ReceiverOptions,
  type SettleOutcome,
  type Settlement,
  type SourceRef,
  type WireDelivery,
} from '@anybroker/driver'
import type { Channel, ConsumeMessage } from 'amqplib'
import type { Delays } from './delay.ts'
import { notFound, replyCode, unavailable } from './errors.ts'
import { KeyedBuffer, type Keyed } from './keyed-buffer.ts'
import { described, isPartitioned, type Names } from './names.ts'
import { priorityOf } from './partition.ts'
import type { Publisher } from './publisher.ts'
import { closed, quietly, type Session, settledOrAborted } from './session.ts'
import { type Receipt, Settling, type Taken } from './settle.ts'
import { fromMessage, keyOf } from './wire.ts'

/** A prefetch is 16 bits wide. */
const MOST_PREFETCH = 65_535

/** What one partition may have fetched, at least: behind a key that waits, others of its partition must still come. */
const PARTITION_PREFETCH = 10

/** What is ready is pushed at once; a queue that stays silent for that long is empty. */
const EMPTY_AFTER_MS = 500

type ReceiveOptions = Parameters<Receiver['receive']>[1]

interface Pushed extends Keyed {
  readonly from: ConsumeMessage
  readonly queue: string
}

/** What a receiver shares with the others of its connection. */
export interface Shared {
  readonly session: Session
  readonly delays: Delays
  /** For copies: a retry to the tail, or to a later time. */
  readonly publisher: Publisher
  /** Whether the server honours consumer priorities with a single active consumer. */
  readonly balanced: boolean
}

/** One channel, one consumer for each queue of the source, and a buffer whose bound is the prefetch. */
export class RabbitReceiver implements Receiver<Receipt> {
  readonly address?: string
  readonly emptyAfterMs: number = EMPTY_AFTER_MS
  readonly #shared: Shared
  readonly #source: SourceRef
  readonly #queues: readonly string[]
  readonly #ordered: boolean
  readonly #epoch = new Epoch()
  readonly #buffer: KeyedBuffer<Pushed>
  /** Of its partitions: the consumer that wants one most gets it. */
  readonly #id: string
  #channel!: Channel
  #settling!: Settling
  #tags: string[] = []
  #maxUnsettled: number
  #paused = false
  #closing = false
  /** Changes of its consumers, one after the other. */
  #changes: Promise<unknown> = Promise.resolve()
  #lost: ((receipts: readonly Receipt[] | 'all', reason: string) => void) | undefined

  private constructor(shared: Shared, source: SourceRef, options: ReceiverOptions) {
    this.#shared = shared
    this.#source = source
    this.#queues = shared.session.names.queues(source)
    this.#ordered = 'ordering' in source && source.ordering === 'key'
    this.#buffer = new KeyedBuffer(shared.session.runtime)
    this.#id = shared.session.runtime.id()
    this.#maxUnsettled = options.maxUnsettled
    if (source.kind === 'inbox') this.address = source.address ?? ''
  }

  /** Opens the channel and begins to consume. */
  static async open(shared: Shared, source: SourceRef, options: ReceiverOptions): Promise<RabbitReceiver> {
    const receiver = new RabbitReceiver(shared, source, options)
    await receiver.#open()
    return receiver
  }

  async receive(max: number, options: ReceiveOptions): Promise<readonly WireDelivery<Receipt>[]> {
    const pushed = await this.#buffer.take(max, this.#maxUnsettled, options)
    return pushed.map((one) => this.#delivery(one))
  }

  async settle(batch: readonly Settlement<Receipt>[], signal: AbortSignal): Promise<readonly SettleOutcome[]> {
    signal.throwIfAborted()
    return this.#settling.settle(batch, signal)
  }

  async release(
    back: readonly { readonly receipt: Receipt; readonly attempts: number }[],
    signal: AbortSignal,
  ): Promise<readonly SettleOutcome[]> {
    signal.throwIfAborted()
    // Out of turn, what is given back would pass what is still out: the end of the channel brings all back in order.
    if (isPartitioned(this.#source)) return this.#settling.leave(back)
    if (this.#paused) {
      await this.#changes
      this.#settling.giveBack(this.#buffer.clear().map(({ from }) => from))
    }
    return this.#settling.release(back, signal)
  }

  onLost(listener: (receipts: readonly Receipt[] | 'all', reason: string) => void): void {
    this.#lost = listener
    if (this.#epoch.ended) listener('all', this.#epoch.reason)
  }

  /** RabbitMQ fixes the prefetch of a consumer when it begins: each begins anew. */
  async resize(maxUnsettled: number): Promise<void> {
    this.#maxUnsettled = maxUnsettled
    // To begin anew would hand its partitions to another, with what is in hand here still out.
    if (isPartitioned(this.#source)) return
    await this.#change(async () => {
      if (this.#paused) return
      await this.#cancel()
      await this.#consume()
    })
  }

  /** Takes nothing more: what is in the buffer stays there. A partition is kept, because its order goes with it. */
  pause(): void {
    this.#paused = true
    if (isPartitioned(this.#source)) return
    quietly(() => this.#change(() => this.#cancel()))
  }

  resume(): void {
    this.#paused = false
    if (isPartitioned(this.#source)) return
    const again = async (): Promise<void> => {
      if (!this.#paused && this.#tags.length === 0) await this.#consume()
    }
    quietly(() => this.#change(again))
  }

  /** What is unsettled goes back when the channel closes, in order. Acks that were written before count. */
  async close(signal: AbortSignal): Promise<void> {
    this.#closing = true
    if (this.#epoch.ended) return
    const closing = this.#change(async () => {
      // No cancel before: it would let the next consumer of a partition begin while what was fetched is still here.
      if (this.#source.kind === 'inbox') await this.#channel.deleteQueue(this.#queues[0] ?? '')
      await closed(this.#channel)
    })
    await settledOrAborted(closing, signal)
    this.#end('the receiver was closed')
  }

  /** Dead or closed. */
  get ended(): boolean {
    return this.#epoch.ended
  }

  /** Whether the server has a consumer of it, when the changes under way are done. */
  async consumes(): Promise<boolean> {
    await this.#changes
    return !this.ended && this.#tags.length > 0
  }

  /** Ends it: what is in hand is lost here and goes back, before this resolves. */
  async lose(reason: BrokerError): Promise<void> {
    this.#died(reason)
    await closed(this.#channel)
  }

  async #open(): Promise<void> {
    const { session } = this.#shared
    this.#channel = await session.channel(session.consuming, (error) => this.#died(error))
    this.#settling = new Settling(this.#channel, this.#shared, deadOf(this.#source, session.names), (taken) =>
      this.#buffer.settled(taken),
    )
    try {
      await this.#consume()
    } catch (error) {
      this.#closing = true
      if (!this.#epoch.ended) await closed(this.#channel)
      if (replyCode(error) === 404) {
        throw notFound(`opening a receiver on ${described(this.#source)}`, this.#source, error)
      }
      throw error
    }
  }

  async #consume(): Promise<void> {
    await this.#channel.prefetch(this.#prefetch)
    const partitioned = isPartitioned(this.#source)
    this.#tags = await Promise.all(
      this.#queues.map(async (queue, index) => {
        const priority = partitioned && this.#shared.balanced ? { priority: priorityOf(this.#id, index) } : {}
        const { consumerTag } = await this.#channel.consume(queue, (from) => this.#pushed(queue, from), priority)
        return consumerTag
      }),
    )
  }

  async #cancel(): Promise<void> {
    const tags = this.#tags
    this.#tags = []
    await Promise.all(tags.map((tag) => this.#channel.cancel(tag)))
  }

  /** For each consumer. Of partitions each may fetch a part, so that the buffer stays within a few times the credit. */
  get #prefetch(): number {
    const most = this.#maxUnsettled
    const each = this.#queues.length === 1 ? most : Math.min(most, Math.max(PARTITION_PREFETCH, Math.ceil(most / 4)))
    return Math.min(each, MOST_PREFETCH)
  }

  /** One change after the other; one that fails ends the receiver, because nobody knows then what consumes. */
  async #change(change: () => Promise<void>): Promise<void> {
    const done = this.#changes.then(async () => {
      if (this.#epoch.ended) return
      try {
        await change()
      } catch (error) {
        this.#died(error)
      }
    })
    this.#changes = done
    await done
  }

  /** Called by amqplib: nothing in here may throw. `null`: the server ended this consumer, its queue is gone or has moved. */
  #pushed(queue: string, from: ConsumeMessage | null): void {
    if (from !== null) {
      this.#buffer.push({ from, queue, key: this.#ordered ? keyOf(from) : undefined })
      return
    }
    this.#died(unavailable(`the server cancelled the consumer of ${described(this.#source)}`, 'receiver'))
    // Gives back the rest.
    quietly(() => this.#channel.close())
  }

  #died(error: unknown): void {
    if (this.#epoch.ended) return
    this.#end(error instanceof Error ? error.message : 'the channel is closed')
    this.#buffer.fail(error)
  }

  #end(reason: string): void {
    if (this.#epoch.ended) return
    this.#epoch.end(reason)
    this.#buffer.clear()
    if (!this.#closing) this.#lost?.('all', reason)
    else this.#buffer.fail(unavailable('the receiver is closed', 'receiver'))
  }

  #delivery({ from, queue, key }: Pushed): WireDelivery<Receipt> {
    const { message, attempt } = fromMessage(from, this.#source, () => this.#shared.session.runtime.id())
    const taken: Taken = { from, queue, key, id: message.id, attempt }
    return {
      receipt: new EpochReceipt(taken, this.#epoch),
      message,
      attempt,
      redelivered: from.fields.redelivered,
      native: from,
    }
  }
}

/** Ephemeral subscriptions have none, and a name that never comes again. */
function deadOf(source: SourceRef, names: Names): string | undefined {
  const lasting = source.kind === 'queue' || (source.kind === 'subscription' && source.durability === 'durable')
  return lasting ? names.dead(source) : undefined
}

/** The queue of an inbox, made anew or found again, so that replies under way still find it after a reconnect. */
export async function openInbox(session: Session, { address }: InboxRef, expiresMs: number): Promise<string> {
  const queue = address ?? session.names.inbox(session.runtime.id())
  await session.aside(async (channel) => {
    await channel.assertQueue(queue, {
      durable: true,
      arguments: { 'x-queue-type': 'classic', 'x-expires': expiresMs },
    })
  })
  return queue
}
