import type { Channel, ConsumeMessage } from 'amqplib'
import { unavailable } from './errors.ts'
import type { Publisher } from './publisher.ts'
import { closed, quietly, type Session } from './session.ts'

/**
 * How many messages are in this process at once, whatever their size: AMQP bounds no bytes. At the portable limit 23 MiB. Half of
 * them is copied while the other half comes.
 */
const PREFETCH = 128

/** On the message that says how far a reader goes. Nobody but such readers ever sees it, and those skip the marks of others. */
const MARK_HEADER = 'ab-mark'

/** Where to begin: at the oldest that is kept, or with the file part that holds this time or the ones after it. */
export type From = 'first' | Date

/** Reads a stream from a place to the end that it had when reading began. */
export class History {
  readonly #channel: Channel
  readonly #mark: string
  #items: ConsumeMessage[] = []
  /** The last that was handed out. */
  #taken: ConsumeMessage | undefined
  #ended = false
  #failure: { readonly error: unknown } | undefined
  #wake: () => void = () => undefined

  private constructor(session: Session, channel: Channel) {
    this.#channel = channel
    this.#mark = session.runtime.id()
  }

  /** Resolves when the end is fixed: what the stream takes from here on is not read. */
  static async open(
    session: Session,
    publisher: Publisher,
    stream: string,
    from: From,
    signal: AbortSignal,
  ): Promise<History> {
    let died: (error: unknown) => void = () => undefined
    const channel = await session.channel(session.consuming, (error) => died(error))
    const history = new History(session, channel)
    died = (error) => history.#fail(error)
    try {
      // A stream is consumed with a prefetch and acks, or refused.
      await channel.prefetch(PREFETCH)
      await channel.consume(stream, (message) => history.#pushed(message), {
        arguments: {
          'x-stream-offset': from === 'first' ? from : { '!': 'timestamp', value: Math.floor(from.getTime() / 1000) },
        },
      })
      // After the reader began, so that it comes wherever a time beyond the end was taken to be.
      await history.#setMark(publisher, stream, signal)
      return history
    } catch (error) {
      await history.close()
      throw error
    }
  }

  /** Those that come next; empty at the end. The ones before count as done. */
  async next(signal: AbortSignal): Promise<readonly ConsumeMessage[]> {
    // Those before are copied.
    const done = this.#taken
    this.#taken = undefined
    if (done !== undefined && this.#failure === undefined) this.#channel.ack(done, true)
    while (this.#items.length === 0 && !this.#ended && this.#failure === undefined) {
      signal.throwIfAborted()
      await this.#someOrAborted(signal)
    }
    signal.throwIfAborted()
    if (this.#failure !== undefined) throw this.#failure.error
    const items = this.#items.splice(0, PREFETCH / 2)
    this.#taken = items.at(-1)
    return items
  }

  async close(): Promise<void> {
    if (this.#failure === undefined) await closed(this.#channel)
    this.#items = []
  }

  async #setMark(publisher: Publisher, stream: string, signal: AbortSignal): Promise<void> {
    const [outcome] = await publisher.publish(
      [
        {
          exchange: '',
          routingKey: stream,
          body: Buffer.alloc(0),
          properties: { persistent: true, messageId: this.#mark, headers: { [MARK_HEADER]: '1' } },
          unroutable: () => unavailable(`the stream ${stream} is gone`, 'receiver'),
        },
      ],
      signal,
    )
    if (outcome?.as !== 'confirmed') throw outcome?.error
  }

  #pushed(message: ConsumeMessage | null): void {
    if (message === null) {
      this.#fail(unavailable('the server cancelled the reader of the stream', 'receiver'))
      quietly(async () => this.#channel.close())
      return
    }
    if (this.#ended) return
    if (!isMark(message)) this.#items.push(message)
    else if (message.properties.messageId === this.#mark) this.#ended = true
    // The mark of another: done with it. It is acked with those before it, because a stream wants that in no order.
    else this.#channel.ack(message)
    this.#wake()
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#wake()
  }

  #someOrAborted(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done)
        this.#wake = () => undefined
        resolve()
      }
      signal.addEventListener('abort', done, { once: true })
      this.#wake = done
    })
  }
}

/** Headers by own entries alone: see wire.ts. */
function isMark({ properties }: ConsumeMessage): boolean {
  const headers: unknown = properties.headers
  return typeof headers === 'object' && headers !== null && Object.hasOwn(headers, MARK_HEADER)
}
