import { BrokerError } from '@anybroker/driver'
import { BUCKET_SPARE_MS, bucketMs } from './delays.ts'
import { describeError } from './errors.ts'
import type { Publication } from './publisher.ts'
import type { Session } from './session.ts'

/** A bucket that was declared this long ago is declared again before use, far before it could expire. */
const KNOWN_MS = 600_000

/**
 * Delay queues, one per delay, because a queue lets expired messages go at its head alone. A bucket is a fanout exchange with one
 * classic queue behind it; a message keeps its routing key, the name of the queue that it is for, and the default exchange brings
 * it there when its time is over.
 */
export class Delays {
  readonly #session: Session
  readonly #known = new Map<number, { readonly at: number; readonly declared: Promise<void> }>()

  constructor(session: Session) {
    this.#session = session
  }

  /** The same publication, by way of a bucket. Rejects where the bucket may not be declared. */
  async delayed(one: Publication, delayMs: number): Promise<Publication> {
    const ms = bucketMs(delayMs)
    await this.#declared(ms)
    const name = this.#session.names.delay(ms)
    const lost = () => new BrokerError('REFUSED', `the delay queue ${name} is gone`, { retryable: true })
    const forget = () => {
      this.#known.delete(ms)
      return lost()
    }
    return { ...one, exchange: name, unroutable: forget }
  }

  #declared(ms: number): Promise<void> {
    const now = this.#session.runtime.now()
    const known = this.#known.get(ms)
    if (known !== undefined && now - known.at < KNOWN_MS) return known.declared
    const declared = this.#declare(ms)
    this.#known.set(ms, { at: now, declared })
    declared.catch(() => this.#known.delete(ms))
    return declared
  }

  async #declare(ms: number): Promise<void> {
    const name = this.#session.names.delay(ms)
    try {
      await this.#session.aside(async (channel) => {
        await channel.assertExchange(name, 'fanout', { durable: true })
        await channel.assertQueue(name, {
          durable: true,
          arguments: {
            'x-queue-type': 'classic',
            'x-message-ttl': ms,
            'x-expires': ms + BUCKET_SPARE_MS,
            'x-dead-letter-exchange': '',
          },
        })
        await channel.bindQueue(name, name, '')
      })
    } catch (cause) {
      if (describeError(cause).code !== 'UNAUTHORIZED') throw cause
      throw new BrokerError('UNAUTHORIZED', `delaying by ${ms} ms needs the right to configure ${name}`, { cause })
    }
  }
}
