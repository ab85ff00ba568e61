import { createHash } from 'node:crypto'
import { BrokerError } from '@anybroker/driver'
import type { Channel, ConsumeMessage } from 'amqplib'
import { AckLedger } from './acks.ts'
import { unavailable } from './errors.ts'
import { quietly, type Session, closed } from './session.ts'

/** A prefetch is 16 bits wide; 0 is none. */
const MOST_PREFETCH = 65_535

/** What is remembered of each is its id: about 100 bytes. */
const MOST_COMPARED = 1_000_000

/** What is ready is pushed at once. A queue that says nothing for so long gives nothing more: somebody else takes from it. */
const SILENT_MS = 2_000

/** What waits in a queue is looked up by that: its id, and where a foreign message has none, its body. */
export function identity({ properties, content }: ConsumeMessage): string {
  const id: unknown = properties.messageId
  return typeof id === 'string' && id !== '' ? id : `#${createHash('sha256').update(content).digest('base64')}`
}

/**
 * What waited in the queues of a subscription when it was taken, unacked until `finish`: if this process dies before, all of it is
 * back in its place.
 */
export class Backlog {
  readonly #session: Session
  readonly #channel: Channel
  readonly #tags = new Map<string, number[]>()
  readonly #ledger = new AckLedger()
  readonly #drop: (message: ConsumeMessage) => boolean
  #failure: { readonly error: unknown } | undefined
  #count = 0
  #expected = 0
  #arrived: () => void = () => undefined

  private constructor(session: Session, channel: Channel, drop: (message: ConsumeMessage) => boolean) {
    this.#session = session
    this.#channel = channel
    this.#drop = drop
  }

  /** Takes what is ready in `queues` now. Those that `drop` names are gone at `finish`, whatever else is found of them. */
  static async take(
    session: Session,
    queues: readonly string[],
    drop: (message: ConsumeMessage) => boolean,
    signal: AbortSignal,
  ): Promise<Backlog> {
    let died: (error: unknown) => void = () => undefined
    const channel = await session.channel(session.consuming, (error) => died(error))
    const backlog = new Backlog(session, channel, drop)
    died = (error) => {
      backlog.#failure = { error }
      backlog.#arrived()
    }
    try {
      for (const queue of queues) await backlog.#takeOne(queue, signal)
      return backlog
    } catch (error) {
      await backlog.giveBack()
      throw error
    }
  }

  /** A copy of that message is where it belongs now: this one is not needed any more. */
  replaced(id: string): void {
    for (const tag of this.#tags.get(id) ?? []) this.#ledger.ack(tag)
    this.#tags.delete(id)
  }

  /** Drops what was replaced or is not wanted, gives back the rest to the head, in order, and says what that was. */
  async finish(): Promise<ReadonlySet<string>> {
    if (this.#failure !== undefined) throw this.#failure.error
    const { upTo, single } = this.#ledger.flush()
    if (upTo !== undefined) this.#ack(upTo, true)
    for (const tag of single) this.#ack(tag, false)
    await this.giveBack()
    return new Set(this.#tags.keys())
  }

  /** All that was not dropped. */
  async giveBack(): Promise<void> {
    // Acks that were written before count.
    if (this.#failure === undefined) await closed(this.#channel)
  }

  async #takeOne(queue: string, signal: AbortSignal): Promise<void> {
    const { messageCount } = await this.#channel.checkQueue(queue)
    if (messageCount === 0) return
    this.#expected += messageCount
    if (this.#expected > MOST_COMPARED) {
      const why = `more than ${MOST_COMPARED} messages wait in it, which is more than can be compared with the stream`
      throw new BrokerError('REFUSED', `seeking: ${why}; consume or purge some first`, { retryable: false })
    }
    await this.#channel.prefetch(messageCount > MOST_PREFETCH ? 0 : messageCount)
    const { consumerTag } = await this.#channel.consume(queue, (message) => this.#pushed(message))
    await this.#untilArrived(signal)
    // Without a consumer nothing more comes; without a prefetch more may have come.
    await this.#channel.cancel(consumerTag)
  }

  #pushed(message: ConsumeMessage | null): void {
    if (message === null) {
      this.#failure ??= { error: unavailable('the queue was deleted while it was looked at', 'receiver') }
    } else if (this.#count >= this.#expected) {
      quietly(async () => this.#channel.nack(message, false, true))
    } else {
      this.#count += 1
      const { deliveryTag } = message.fields
      if (this.#drop(message)) this.#ledger.ack(deliveryTag)
      else {
        const id = identity(message)
        const tags = this.#tags.get(id)
        if (tags === undefined) this.#tags.set(id, [deliveryTag])
        else tags.push(deliveryTag)
      }
    }
    if (this.#failure !== undefined || this.#count >= this.#expected) this.#arrived()
  }

  /** All that was counted, or what is there of it. */
  async #untilArrived(signal: AbortSignal): Promise<void> {
    while (this.#count < this.#expected && this.#failure === undefined) {
      const before = this.#count
      await this.#completeOrSilent(signal)
      signal.throwIfAborted()
      if (before === this.#count) break
    }
    if (this.#failure !== undefined) throw this.#failure.error
    // What did not come is not ours: it is left where it is.
    this.#expected = this.#count
  }

  #completeOrSilent(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel()
        signal.removeEventListener('abort', done)
        this.#arrived = () => undefined
        resolve()
      }
      const cancel = this.#session.runtime.timer(SILENT_MS, done)
      signal.addEventListener('abort', done, { once: true })
      this.#arrived = done
    })
  }

  #ack(deliveryTag: number, upTo: boolean): void {
    this.#channel.ack({ fields: { deliveryTag } } as ConsumeMessage, upTo)
  }
}
