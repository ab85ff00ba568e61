import {
  type Ensured,
  type EntityRef,
  type EntitySettings,
  type Filter,
  type QueueRef,
  type SubscriptionRef,
  type Topology,
  type TopicRef,
} from '@anybroker/driver'
import type { Channel } from 'amqplib'
import { bindingsOf } from './bindings.ts'
import { EPHEMERAL_MS } from './capabilities.ts'
import { notFound, replyCode } from './errors.ts'
import { differences, identityOf, identityText } from './identity.ts'
import { deadOptions, NAME_ARGUMENT, readIdentity } from './kept.ts'
import { listEntities } from './list.ts'
import type { Management } from './management.ts'
import { described, dueKey, isPartitioned, partitionKey, PARTITIONS, partitionsOf } from './names.ts'
import { refill, type Refill, ROUTED_MS } from './refill.ts'
import { makeMemory, memoryOf, recall, remember } from './remembered.ts'
import type { Session } from './session.ts'
import type { Streams } from './stream.ts'
import { hasExchange, hasQueue } from './there.ts'
import { PARTITION_HEADER } from './wire.ts'

const CREATED: Ensured = Object.freeze({ as: 'created' })
const SAME: Ensured = Object.freeze({ as: 'same' })

/**
 * RabbitMQ's own backstop, far above any `maxAttempts`, because it is an argument of the queue, and such can never be changed. It
 * counts what a process had fetched and never seen, too; a small one would bury neighbours.
 */
const DELIVERY_LIMIT = 1_000

/** Of what tells a queue from another that had its name before. Random enough; short, for the server's answers. */
const LIFE_LENGTH = 10

type Owner = QueueRef | SubscriptionRef

/**
 * A dead-letter queue is made last and deleted first: where it is, the rest is, too. It also keeps what the entity is (see
 * identity.ts). Everything is declared on channels of its own, because what the server refuses closes the channel.
 */
export class RabbitTopology implements Topology {
  readonly list?: (signal: AbortSignal) => Promise<readonly EntityRef[]>
  readonly #session: Session
  readonly #streams: Streams
  readonly #filters: Map<string, Filter>

  constructor(session: Session, streams: Streams, filters: Map<string, Filter>, management: Management | undefined) {
    this.#session = session
    this.#streams = streams
    this.#filters = filters
    if (management !== undefined) this.list = (signal) => listEntities(management, session.names, signal)
  }

  async ensure(ref: EntityRef, settings: EntitySettings, signal: AbortSignal): Promise<Ensured> {
    const there = await this.check(ref, settings, signal)
    if (ref.kind === 'topic') return this.#ensureTopic(ref, settings, there)
    if (there !== undefined) return there
    const history =
      settings.from === 'earliest' && ref.kind === 'subscription'
        ? await this.#streams.demand('R2', `opening ${described(ref)} from: 'earliest'`, ref)
        : undefined
    if (ref.kind === 'subscription') await remember(this.#session, ref, signal)
    await this.#session.aside((channel) => this.#make(channel, ref, settings))
    if (history !== undefined && ref.kind === 'subscription')
      await this.#fill({ ref, stream: history, to: 'start', filter: settings.filter }, signal)
    if (!isEphemeral(ref)) await this.#finish(ref, settings)
    if (isEphemeral(ref) && signal.aborted) await this.delete(ref, signal)
    // Somebody else may have made it meanwhile, as something else.
    return isEphemeral(ref) ? CREATED : ((await this.#compare(ref, settings)) ?? CREATED)
  }

  async check(ref: EntityRef, settings: EntitySettings, signal: AbortSignal): Promise<Ensured | undefined> {
    this.#session.check()
    signal.throwIfAborted()
    const { names } = this.#session
    if (ref.kind === 'topic') {
      this.#streams.wanted(ref, settings)
      if (!(await hasExchange(this.#session, names.base(ref)))) return undefined
      return (await this.#compareTopic(ref)) ?? SAME
    }
    refuseNative(ref, settings)
    this.#rememberFilter(ref, settings)
    if (ref.kind === 'subscription' && !(await hasExchange(this.#session, names.topic(ref)))) {
      throw notFound(`opening ${described(ref)}`, { kind: 'topic', name: ref.topic, ordering: ref.ordering })
    }
    if (!(await hasQueue(this.#session, isEphemeral(ref) ? names.base(ref) : names.dead(ref)))) return undefined
    return isEphemeral(ref) ? SAME : ((await this.#compare(ref, settings)) ?? SAME)
  }

  async delete(ref: EntityRef, _signal: AbortSignal): Promise<boolean> {
    this.#session.check()
    const { names } = this.#session
    if (ref.kind === 'topic') return this.#deleteTopic(ref)
    const there = await hasQueue(this.#session, isEphemeral(ref) ? names.base(ref) : names.dead(ref))
    if (there) await this.#session.aside((channel) => this.#drop(channel, names.base(ref)))
    return there
  }

  async #make(channel: Channel, ref: Owner, settings: EntitySettings): Promise<void> {
    const { names } = this.#session
    const base = names.base(ref)
    if (isEphemeral(ref)) {
      await channel.assertQueue(base, {
        durable: true,
        arguments: { 'x-queue-type': 'classic', 'x-expires': EPHEMERAL_MS },
      })
      await channel.assertExchange(names.due, 'direct', { durable: true })
      await channel.bindQueue(base, names.due, base)
      await this.#bind(channel, ref, settings, [base])
      return
    }
    const queues = names.queues(ref)
    const partitioned = isPartitioned(ref)
    await Promise.all(queues.map((queue) => channel.assertQueue(queue, queueOptions(names.dead(ref), partitioned))))
    if (ref.kind === 'subscription') await this.#bind(channel, ref, settings, queues)
  }

  /** Its dead-letter queue comes last: from then on it exists. */
  async #finish(ref: Owner, settings: EntitySettings): Promise<void> {
    const { names, runtime } = this.#session
    const life = runtime.id().replaceAll('-', '').slice(-LIFE_LENGTH)
    try {
      await this.#session.aside(async (channel) => {
        await channel.assertExchange(names.due, 'direct', { durable: true })
        for (const queue of names.queues(ref)) await channel.bindQueue(queue, names.due, dueKey(queue, life))
        await channel.assertQueue(
          names.dead(ref),
          deadOptions(identityText(identityOf(ref, settings), life), logicalName(ref)),
        )
      })
    } catch (error) {
      // Somebody was faster: its life is the one, and what it is will be compared.
      if (replyCode(error) !== 406) throw error
    }
  }

  /**
   * What was published before it was bound. A publish that was routed just before the binding may reach the stream just after: it
   * is waited for, and what came by both ways is found out by its id.
   */
  async #fill(history: Refill, signal: AbortSignal): Promise<void> {
    await this.#session.runtime.sleep(ROUTED_MS, signal)
    await refill(this.#session, history, signal)
  }

  async #ensureTopic(ref: TopicRef, settings: EntitySettings, there: Ensured | undefined): Promise<Ensured> {
    if (there === undefined) await this.#session.aside((channel) => this.#makeTopic(channel, ref))
    const kept = this.#streams.wanted(ref, settings)
    if (kept !== undefined && there?.as !== 'differs') await this.#streams.ensure(ref, kept)
    return there ?? CREATED
  }

  /** For a seek: the server does not tell the filter. */
  #rememberFilter(ref: Owner, { filter }: EntitySettings): void {
    if (ref.kind !== 'subscription' || ref.durability !== 'durable') return
    if (filter === undefined) this.#filters.delete(this.#session.names.base(ref))
    else this.#filters.set(this.#session.names.base(ref), filter)
  }

  /** One queue takes every partition; of twelve each takes its own. */
  async #bind(
    channel: Channel,
    ref: SubscriptionRef,
    { filter }: EntitySettings,
    queues: readonly string[],
  ): Promise<void> {
    const topic = this.#session.names.topic(ref)
    const ordered = ref.ordering === 'key'
    const filters = filter === undefined ? [{}] : bindingsOf(filter)
    const filtered = filters.some((one) => Object.keys(one).length > 0)
    if (filtered) await this.#makeFilterExchange(channel, topic, ordered)
    for (let partition = 0; partition < (ordered ? PARTITIONS : 1); partition++) {
      const queue = queues[queues.length === 1 ? 0 : partition] ?? ''
      const key = ordered ? partitionKey(partition) : ''
      if (!filtered) await channel.bindQueue(queue, topic, key)
      else {
        const own = ordered ? { [PARTITION_HEADER]: key } : {}
        for (const one of filters)
          await channel.bindQueue(queue, `${topic}.h`, '', { ...one, ...own, 'x-match': 'all' })
      }
    }
  }

  /** Behind the topic's own exchange, so that subscriptions without a filter pay nothing for it. */
  async #makeFilterExchange(channel: Channel, topic: string, ordered: boolean): Promise<void> {
    await channel.assertExchange(`${topic}.h`, 'headers', { durable: true })
    for (let partition = 0; partition < (ordered ? PARTITIONS : 1); partition++)
      await channel.bindExchange(`${topic}.h`, topic, ordered ? partitionKey(partition) : '')
  }

  async #makeTopic(channel: Channel, ref: TopicRef): Promise<void> {
    const name = this.#session.names.base(ref)
    await makeMemory(channel, this.#session.names, ref)
    await channel.assertExchange(name, typeOf(ref), { durable: true, arguments: { [NAME_ARGUMENT]: ref.name } })
  }

  async #deleteTopic(ref: TopicRef): Promise<boolean> {
    const name = this.#session.names.base(ref)
    if (!(await hasExchange(this.#session, name))) return false
    const memory = memoryOf(this.#session.names, ref)
    const known = await hasQueue(this.#session, memory)
    await this.#session.aside(async (channel) => {
      await channel.deleteExchange(name)
      await channel.deleteExchange(`${name}.h`)
      await channel.deleteQueue(this.#session.names.log(ref))
      if (!known) return
      for (const base of await recall(channel, memory)) await this.#drop(channel, base)
      await channel.deleteQueue(memory)
    })
    return true
  }

  /** Whatever mode it was in. Deleting what is not there is no error to RabbitMQ. */
  async #drop(channel: Channel, base: string): Promise<void> {
    await channel.deleteQueue(`${base}.dead`)
    await Promise.all([base, ...partitionsOf(base)].map((queue) => channel.deleteQueue(queue)))
  }

  /** What differs; undefined where nothing does, or where we may not ask. */
  async #compare(ref: Owner, settings: EntitySettings): Promise<Ensured | undefined> {
    const there = await readIdentity(this.#session, this.#session.names.dead(ref))
    const found = there === undefined ? [] : differences(there, identityOf(ref, settings))
    return found.length === 0 ? undefined : { as: 'differs', differences: found }
  }

  async #compareTopic(ref: TopicRef): Promise<Ensured | undefined> {
    const name = this.#session.names.base(ref)
    try {
      await this.#session.aside((channel) => channel.assertExchange(name, typeOf(ref), { durable: true }))
      return undefined
    } catch (error) {
      const code = replyCode(error)
      if (code === 403) return undefined
      if (code !== 406) throw error
      const there = ref.ordering === 'key' ? 'none' : 'key'
      return { as: 'differs', differences: [`ordering: there ${there}, asked ${ref.ordering}`] }
    }
  }
}

function isEphemeral(ref: EntityRef): ref is SubscriptionRef & { readonly durability: 'ephemeral' } {
  return ref.kind === 'subscription' && ref.durability === 'ephemeral'
}

function logicalName(ref: Owner): string {
  return ref.kind === 'queue' ? ref.name : `${ref.topic}/${ref.name}`
}

function typeOf(ref: TopicRef): 'direct' | 'fanout' {
  return ref.ordering === 'key' ? 'direct' : 'fanout'
}

function queueOptions(dead: string, singleActive: boolean): { durable: true; arguments: Record<string, unknown> } {
  return {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': dead,
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
      'x-delivery-limit': DELIVERY_LIMIT,
      ...(singleActive ? { 'x-single-active-consumer': true } : {}),
    },
  }
}

function refuseNative(ref: EntityRef, { native }: EntitySettings): void {
  const [key] = Object.keys(native ?? {})
  if (key !== undefined)
    throw new TypeError(`native.rabbitmq.${key} of ${described(ref)}: rabbitmq has no options of its own for it`)
}
