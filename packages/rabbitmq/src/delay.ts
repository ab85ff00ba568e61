import { BrokerError, SYSTEM_PREFIX } from '@anybroker/driver'
import { BUCKET_SPARE_MS, bucketMs } from './delays.ts'
import { describeError } from './errors.ts'
import { readIdentity } from './kept.ts'
import { rungName, rungOf } from './ladder.ts'
import type { Publication } from './publisher.ts'
import type { Session } from './session.ts'
import { hasExchange, hasQueue } from './there.ts'

/** A bucket that was declared this long ago is declared again before use, far before it could expire. */
const KNOWN_MS = 600_000

/** No life is called so: the key of `<ns>.due` can't be had, and a delay goes by the ladder, straight to the queue's name. */
const UNKNOWN_LIFE = '?'

const DUE_HEADER = `${SYSTEM_PREFIX}deliver-at`

/**
 * Delay queues, one per delay, because a queue lets expired messages go at its head alone. A bucket is a fanout exchange with one
 * classic queue behind it; a message keeps its routing key, and when its time is over the exchange `<ns>.due` brings it to its
 * queue by that. The key names the queue in its present life: what waits when a queue is deleted must not reach the next one of
 * its name.
 */
export class Delays {
  readonly #session: Session
  readonly #rungs = new Set<string>()
  readonly #known = new Map<number, { readonly at: number; readonly declared: Promise<void> }>()

  constructor(session: Session) {
    this.#session = session
  }

  /** The present life of the queues of an owner, by its dead-letter queue; `UNKNOWN_LIFE` where we may not ask. */
  async life(dead: string): Promise<string> {
    const found = await readIdentity(this.#session, dead)
    return found?.life ?? UNKNOWN_LIFE
  }

  /**
   * The same publication, by way of a bucket; its routing key is a key of `<ns>.due`. Where the bucket may not be declared, by way
   * of the ladder that an operator made; `UNAUTHORIZED` where that is not there either.
   */
  async delayed(one: Publication, delayMs: number): Promise<Publication> {
    const ms = bucketMs(delayMs)
    const [queue = '', life] = one.routingKey.split(' ')
    if (life === UNKNOWN_LIFE) return this.#byLadder({ ...one, routingKey: queue }, delayMs, `${queue}'s dead letters`)
    try {
      await this.#declared(ms)
    } catch (error) {
      if (describeError(error).code !== 'UNAUTHORIZED') throw error
      return this.#byLadder({ ...one, routingKey: queue }, delayMs, this.#session.names.delay(ms), error)
    }
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
  }

  /** It comes back when the rung is over, with the time when it is due: core puts off what is early. */
  async #byLadder(one: Publication, delayMs: number, refused: string, cause?: unknown): Promise<Publication> {
    const name = rungName(this.#session.names.namespace, rungOf(delayMs))
    if (!(await this.#hasRung(name))) {
      const why = `it needs the right to configure ${refused}, or the delay ladder, whose exchange and queue ${name} are missing`
      throw new BrokerError('UNAUTHORIZED', `delaying by ${Math.ceil(delayMs)} ms: ${why}`, { cause })
    }
    const { properties } = one
    const dueAt = Math.ceil(this.#session.runtime.wallNow() + delayMs)
    const forget = () => {
      this.#rungs.delete(name)
      return new BrokerError('REFUSED', `the delay queue ${name} is gone`, { retryable: true })
    }
    return {
      ...one,
      exchange: name,
      properties: { ...properties, headers: { ...properties.headers, [DUE_HEADER]: String(dueAt) } },
      unroutable: forget,
    }
  }

  async #hasRung(name: string): Promise<boolean> {
    if (this.#rungs.has(name)) return true
    if (!(await hasExchange(this.#session, name)) || !(await hasQueue(this.#session, name))) return false
    this.#rungs.add(name)
    return true
  }
}
