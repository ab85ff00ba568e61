import type { Outcome, Ref, Sender, WireMessage } from '@anybroker/driver'
import type { Delays } from './delay.ts'
import { notFound, replyCode } from './errors.ts'
import { described, dueKey, isPartitioned, partitionKey, PARTITIONS } from './names.ts'
import { partitionOf } from './partition.ts'
import { type Publication, Publisher } from './publisher.ts'
import type { Session } from './session.ts'
import { PARTITION_HEADER, toBuffer, toProperties } from './wire.ts'

/** Of one `send`; a confirm channel pipelines, so that several small ones keep it busier than few large ones. */
const BATCH: Sender['batch'] = Object.freeze({
  maxMessages: 250,
  maxBytes: 8 * 1024 * 1024,
  maxInFlight: 4,
  // A nack of one says nothing of those behind it.
  keepsKeyOrder: false,
})

/** Publishes with confirms; to a queue also `mandatory`, so that what finds no queue is refused and not lost. */
export class RabbitSender implements Sender {
  readonly batch: Sender['batch'] = BATCH
  readonly #session: Session
  readonly #target: Ref
  readonly #delays: Delays
  readonly #publisher: Publisher

  private constructor(session: Session, target: Ref, delays: Delays) {
    this.#session = session
    this.#target = target
    this.#delays = delays
    this.#publisher = new Publisher(session)
  }

  /** Looks whether the target is there. An inbox may be gone any time: that is told when a reply is sent. */
  static async open(session: Session, target: Ref, delays: Delays): Promise<RabbitSender> {
    if (target.kind !== 'inbox') await assertThere(session, target, `opening a sender to ${described(target)}`)
    return new RabbitSender(session, target, delays)
  }

  async send(batch: readonly WireMessage[], signal: AbortSignal): Promise<readonly Outcome[]> {
    this.#session.check()
    signal.throwIfAborted()
    let life: Promise<string> | undefined
    const lifeOf = (dead: string) => (life ??= this.#delays.life(dead))
    const prepared = await Promise.allSettled(batch.map(async (message) => this.#publication(message, lifeOf)))
    const ready = prepared.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const outcomes = [...(await this.#publisher.publish(ready, signal))]
    return prepared.map((one): Outcome => {
      if (one.status === 'rejected') return { as: 'refused', error: one.reason }
      return outcomes.shift() ?? { as: 'unknown', error: new Error('no outcome') }
    })
  }

  async close(): Promise<void> {
    await this.#publisher.close()
  }

  /** `lifeOf` is asked once for each batch: another process may have deleted the queue and made it anew. */
  #publication(message: WireMessage, lifeOf: (dead: string) => Promise<string>): Publication | Promise<Publication> {
    const target = this.#target
    const { names, runtime } = this.#session
    const body = toBuffer(message.body)
    if (target.kind === 'topic') {
      const partition = target.ordering === 'key' ? partitionKey(partitionOf(message.key ?? message.id)) : undefined
      const properties = toProperties(message, partition === undefined ? {} : { [PARTITION_HEADER]: partition })
      return { exchange: names.base(target), routingKey: partition ?? '', body, properties }
    }
    const missing = () => notFound(`sending to ${described(target)}`, target)
    if (target.kind === 'inbox' && !names.isInbox(target.address ?? '')) throw missing()
    const queues = names.queues(target)
    const index = queues.length === 1 ? 0 : partitionOf(message.key ?? message.id)
    const one: Publication = {
      exchange: '',
      routingKey: queues[index] ?? '',
      body,
      properties: toProperties(message),
      unroutable: missing,
    }
    const delayMs = message.deliverAt === undefined ? 0 : message.deliverAt - runtime.wallNow()
    if (delayMs <= 0 || target.kind === 'dead-letters' || target.kind === 'inbox') return one
    return this.#delayed(one, delayMs, names.dead(target), lifeOf)
  }

  async #delayed(
    one: Publication,
    delayMs: number,
    dead: string,
    lifeOf: (dead: string) => Promise<string>,
  ): Promise<Publication> {
    return this.#delays.delayed({ ...one, routingKey: dueKey(one.routingKey, await lifeOf(dead)) }, delayMs)
  }
}

/** `NOT_FOUND` with the entity's name, unless it is there. The first and the last of its queues speak for the others. */
async function assertThere(session: Session, ref: Exclude<Ref, { kind: 'inbox' }>, action: string): Promise<void> {
  const { names } = session
  try {
    await session.aside(async (channel) => {
      if (ref.kind === 'topic') {
        await channel.checkExchange(names.base(ref))
        return
      }
      const queues = names.queues(ref)
      await channel.checkQueue(queues[0] ?? '')
      if (isPartitioned(ref)) await channel.checkQueue(queues[PARTITIONS - 1] ?? '')
    })
  } catch (error) {
    if (replyCode(error) === 404) throw notFound(action, ref, error)
    throw error
  }
}
