import { BrokerError } from '@anybroker/driver'
import { BUCKET_SPARE_MS, bucketMs } from './delays.ts'
import { describeError } from './errors.ts'
import { readIdentity } from './kept.ts'
import type { Publication } from './publisher.ts'
import type { Session } from './session.ts'

/** A bucket that was declared this long ago is declared again before use, far before it could expire. */
const KNOWN_MS = 600_000

/**
 * Delay queues, one per delay, because a queue lets expired messages go at its head alone. A bucket is a fanout exchange with one
 * classic queue behind it; a message keeps its routing key, and when its time is over the exchange `<ns>.due` brings it to its
 * queue by that. The key names the queue in its present life: what waits when a queue is deleted must not reach the next one of
 * its name.
 */
export class Delays {
  readonly #session: Session
  readonly #known = new Map<number, { readonly at: number; readonly declared: Promise<void> }>()

  constructor(session: Session) {
    this.#session = session
  }

  /** The present life of the queues of an owner, by its dead-letter queue. */
  async life(dead: string): Promise<string> {
    const found = await readIdentity(this.#session, dead)
    if (found === undefined) {
      throw new BrokerError('UNAUTHORIZED', `a delay that is not held in hand needs the right to configure ${dead}`)
    }
    return found.life
  }

  /** The same publication, by way of a bucket; its routing key is a key of `<ns>.due`. Rejects where the bucket may not be declared. */
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
        await channel.assertExchange(this.#session.names.due, 'direct', { durable: true })
        await channel.assertExchange(name, 'fanout', { durable: true })
        await channel.assertQueue(name, {
          durable: true,
          arguments: {
            'x-queue-type': 'classic',
            'x-message-ttl': ms,
            'x-expires': ms + BUCKET_SPARE_MS,
            'x-dead-letter-exchange': this.#session.names.due,
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
