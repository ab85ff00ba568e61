import { BrokerError, type Filter, type SourceRef, type SubscriptionRef } from '@anybroker/driver'
import { notFound, replyCode, unavailable } from './errors.ts'
import { identityOf } from './identity.ts'
import { readIdentity } from './kept.ts'
import { described } from './names.ts'
import type { RabbitReceiver } from './receive.ts'
import { refill } from './refill.ts'
import { type Session, settledOrAborted } from './session.ts'
import type { Streams } from './stream.ts'

/** How often the server is asked whether our own consumers are gone: it answers the end of a channel before it has ended them. */
const AGAIN_MS = 20

/** Moves a subscription within its topic's history. While it does, no receiver of this connection begins on it. */
export class Seeks {
  readonly #session: Session
  readonly #streams: Streams
  /** Of the subscriptions that this process opened, by name; of others everything is copied, and consumers look again. */
  readonly #filters: ReadonlyMap<string, Filter>
  readonly #receivers = new Map<string, Set<RabbitReceiver>>()
  readonly #opening = new Map<string, Set<Promise<RabbitReceiver>>>()
  readonly #running = new Map<string, Promise<void>>()

  constructor(session: Session, streams: Streams, filters: ReadonlyMap<string, Filter>) {
    this.#session = session
    this.#streams = streams
    this.#filters = filters
  }

  /** Opens a receiver when no seek is under way on its source, and remembers it. */
  async open(source: SourceRef, signal: AbortSignal, opening: () => Promise<RabbitReceiver>): Promise<RabbitReceiver> {
    if (source.kind !== 'subscription') return opening()
    const base = this.#session.names.base(source)
    for (let running = this.#running.get(base); running !== undefined; running = this.#running.get(base)) {
      await settledOrAborted(running, signal)
      signal.throwIfAborted()
    }
    const receiver = opening()
    const under = this.#opening.get(base) ?? new Set()
    this.#opening.set(base, under.add(receiver))
    try {
      this.#live(base).add(await receiver)
      return await receiver
    } finally {
      under.delete(receiver)
    }
  }

  async seek(ref: SubscriptionRef, to: Date | 'start', signal: AbortSignal): Promise<void> {
    this.#session.check()
    signal.throwIfAborted()
    const base = this.#session.names.base(ref)
    if (this.#running.has(base))
      throw new BrokerError('CONFLICT', `seek of ${described(ref)}: another one is under way`)
    const seeking = this.#seek(ref, to, signal)
    const over = seeking.then(
      () => undefined,
      () => undefined,
    )
    this.#running.set(base, over)
    try {
      await seeking
    } finally {
      this.#running.delete(base)
    }
  }

  async #seek(ref: SubscriptionRef, to: Date | 'start', signal: AbortSignal): Promise<void> {
    const { names, runtime } = this.#session
    const base = names.base(ref)
    const stream = await this.#streams.demand('R1', `seek of ${described(ref)}`, ref)
    // Those that began before this did; later ones wait.
    const opening = this.#opening.get(base)
    if (opening !== undefined) await Promise.allSettled(opening)
    const ours = [...this.#live(base)]
    const consuming = await Promise.all(ours.map((one) => one.consumes()))
    if ((await this.#consumers(ref)) > consuming.filter(Boolean).length) {
      throw new BrokerError('CONFLICT', `seek of ${described(ref)}: it has consumers elsewhere; close them first`)
    }
    await Promise.all(ours.map((one) => one.lose(unavailable(`${described(ref)} is moved by a seek`, 'receiver'))))
    while ((await this.#consumers(ref)) > 0) await runtime.sleep(AGAIN_MS, signal)
    await refill(this.#session, { ref, stream, to, filter: await this.#filter(ref) }, signal)
  }

  /** The filter that this process opened it with, if it still has that. */
  async #filter(ref: SubscriptionRef): Promise<Filter | undefined> {
    const { names } = this.#session
    const filter = this.#filters.get(names.base(ref))
    if (filter === undefined) return undefined
    const there = await readIdentity(this.#session, names.dead(ref))
    return there?.filter === identityOf(ref, { filter }).filter ? filter : undefined
  }

  /** Of any of its queues, the most: each consumer is on all of them. */
  async #consumers(ref: SubscriptionRef): Promise<number> {
    try {
      return await this.#session.aside(async (channel) => {
        let most = 0
        for (const queue of this.#session.names.queues(ref))
          most = Math.max(most, (await channel.checkQueue(queue)).consumerCount)
        return most
      })
    } catch (error) {
      if (replyCode(error) === 404) throw notFound(`seek of ${described(ref)}`, ref, error)
      throw error
    }
  }

  #live(base: string): Set<RabbitReceiver> {
    const receivers = this.#receivers.get(base) ?? new Set()
    this.#receivers.set(base, receivers)
    for (const one of receivers) if (one.ended) receivers.delete(one)
    return receivers
  }
}
