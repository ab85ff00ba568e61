import type { EntityRef, EntitySettings, Ensured, SubscriptionRef, Topology, TopicRef } from '@anybroker/driver'
import type { protos } from '@google-cloud/pubsub'
import { ALREADY_EXISTS, NOT_FOUND, notFound, statusOf } from './errors.ts'
import { nativeFilter } from './filter.ts'
import { differences, identityLabels, identityOf, type Labels } from './labels.ts'
import {
  BACKSTOP_DELIVERIES,
  EPHEMERAL_RETENTION_SECONDS,
  EXPIRATION_SECONDS,
  REPLAY_SECONDS,
  retentionSeconds,
} from './limits.ts'
import { described, isOwner, lastPart, type Owner } from './names.ts'
import { call, request, type Session } from './session.ts'
import { toTimestamp } from './wire.ts'

type Subscription = protos.google.pubsub.v1.ISubscription

const SAME: Ensured = Object.freeze({ as: 'same' })
const CREATED: Ensured = Object.freeze({ as: 'created' })

/** Of a subscription whose consumer is not known: each stream asks for its own. */
const ACK_DEADLINE_SECONDS = 30

/**
 * Entities at the service. The subscription of a queue, and a subscription itself, is made last: where it is, the rest is. What an entity
 * is (ordering, filter, start) is in its labels.
 */
export class GooglePubsubTopology implements Topology {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  async ensure(ref: EntityRef, settings: EntitySettings, signal: AbortSignal): Promise<Ensured> {
    const found = await this.check(ref, settings, signal)
    if (found !== undefined) return found
    if (ref.kind === 'topic') return this.#createTopic(ref, settings, signal)
    if (isOwner(ref)) return this.#createOwner(ref, settings, signal)
    return this.#createEphemeral(ref, settings, signal)
  }

  async check(ref: EntityRef, settings: EntitySettings, signal: AbortSignal): Promise<Ensured | undefined> {
    refuseNative(ref, settings)
    const { names, settings: settled } = this.#session
    const asked = identityOf(ref, settings)
    if (ref.kind === 'topic') {
      const topic = await this.#topic(names.base(ref), signal)
      return topic === undefined ? undefined : compared(differences(topic.labels, asked))
    }
    const there = await this.#subscription(names.base(ref), signal)
    if (there === undefined) return undefined
    const topic = lastPart(there.topic)
    const wanted = ref.kind === 'queue' ? names.base(ref) : names.topicOf(ref)
    const differ = [
      ...differences(there.labels, asked),
      ...(topic === wanted ? [] : [`topic: there ${topic}, asked ${wanted}`]),
      // One that has it is no worse where it was not asked for.
      ...(settled.exactlyOnce && there.enableExactlyOnceDelivery !== true
        ? ['exactlyOnce: there false, asked true']
        : []),
    ]
    // One from the earliest is moved there before its lane is made: without one, that may not have happened.
    const isWhole = settings.from !== 'earliest' || !isOwner(ref) || (await this.#isWhole(ref, signal))
    return differ.length === 0 && !isWhole ? undefined : compared(differ)
  }

  async delete(ref: EntityRef, signal: AbortSignal): Promise<boolean> {
    const { names, clients } = this.#session
    if (ref.kind === 'topic') {
      const topic = names.topicPath(names.base(ref))
      for (const path of await this.#subscriptionsOf(topic, signal)) {
        const parts = names.parts(path)
        const [kind, of, name] = parts ?? []
        if (of !== ref.name || name === undefined || (kind !== 's' && kind !== 'e')) continue
        const durability = kind === 's' ? 'durable' : 'ephemeral'
        await this.delete({ kind: 'subscription', topic: of, name, ordering: ref.ordering, durability }, signal)
      }
      return this.#gone(signal, () => clients.publisher.deleteTopic({ topic }, call()))
    }
    const base = names.base(ref)
    const others = isOwner(ref) ? [names.lane(ref), names.dead(ref)] : []
    const was = await this.#deleteSubscription(base, signal)
    await Promise.all(others.map((name) => this.#deleteSubscription(name, signal)))
    const topics = ref.kind === 'queue' ? [base, ...others] : others
    await Promise.all(
      topics.map((name) =>
        this.#gone(signal, () => clients.publisher.deleteTopic({ topic: names.topicPath(name) }, call())),
      ),
    )
    return was
  }

  async list(signal: AbortSignal): Promise<readonly EntityRef[]> {
    const { names, clients } = this.#session
    const { project } = names
    const [[topics], [subscriptions]] = await Promise.all([
      request(signal, () => clients.publisher.listTopics({ project }, call())),
      request(signal, () => clients.subscriber.listSubscriptions({ project }, call())),
    ])
    const refs: EntityRef[] = []
    for (const { name: path, labels } of topics) {
      const [kind, name, ...more] = names.parts(path) ?? []
      if (name === undefined || more.length > 0) continue
      if (kind === 't') refs.push({ kind: 'topic', name, ordering: orderingOf(labels) })
    }
    for (const { name: path, labels } of subscriptions) {
      const [kind, one, two, ...more] = names.parts(path) ?? []
      if (one === undefined || more.length > 0) continue
      const ordering = orderingOf(labels)
      if (kind === 'q' && two === undefined) refs.push({ kind: 'queue', name: one, ordering })
      if (kind === 's' && two !== undefined)
        refs.push({ kind: 'subscription', topic: one, name: two, ordering, durability: 'durable' })
    }
    return refs
  }

  async #createTopic(ref: TopicRef, settings: EntitySettings, signal: AbortSignal): Promise<Ensured> {
    const name = this.#session.names.base(ref)
    const made = await this.#makeTopic(name, signal, {
      labels: identityLabels('topic', identityOf(ref, settings)),
      // The emulator can't move an ordered subscription, and begins a new one with all that the topic keeps.
      ...(ref.ordering === 'key' && this.#session.settings.emulator !== undefined
        ? {}
        : { messageRetentionDuration: { seconds: REPLAY_SECONDS } }),
    })
    return made ? CREATED : this.#again(ref, settings, signal)
  }

  async #createOwner(ref: Owner, settings: EntitySettings, signal: AbortSignal): Promise<Ensured> {
    const { names } = this.#session
    const base = names.base(ref)
    const shared = ref.kind === 'subscription' ? names.topicOf(ref) : undefined
    if (shared !== undefined && (await this.#topic(shared, signal)) === undefined) throw missingTopic(ref)
    const lane = names.lane(ref)
    const dead = names.dead(ref)
    await Promise.all(
      [lane, dead, ...(shared === undefined ? [base] : [])].map((name) =>
        this.#makeTopic(name, signal, { labels: { 'ab-kind': 'part' } }),
      ),
    )
    const labels: Labels = { 'ab-kind': 'part' }
    const makeLane = (): Promise<boolean> =>
      this.#makeSubscription(lane, lane, signal, { ...this.#kept(ref, dead), labels })
    const isEarliest = settings.from === 'earliest'
    await Promise.all([
      isEarliest ? undefined : makeLane(),
      // Letters have no dead letters of their own, and stay however often somebody looks at them.
      this.#makeSubscription(dead, dead, signal, { ...this.#lasting, labels }),
    ])
    const made = await this.#makeSubscription(base, shared ?? base, signal, {
      ...this.#kept(ref, dead),
      labels: identityLabels(ref.kind, identityOf(ref, settings)),
      filter: nativeFilter(settings.filter),
    })
    if (isEarliest) {
      await this.#seekToStart(base, signal)
      await makeLane()
    }
    return made ? CREATED : this.#again(ref, settings, signal)
  }

  async #createEphemeral(ref: SubscriptionRef, settings: EntitySettings, signal: AbortSignal): Promise<Ensured> {
    const { names } = this.#session
    const base = names.base(ref)
    try {
      const making = this.#makeSubscription(base, names.topicOf(ref), NEVER, {
        expirationPolicy: { ttl: { seconds: EXPIRATION_SECONDS } },
        messageRetentionDuration: { seconds: EPHEMERAL_RETENTION_SECONDS },
        ackDeadlineSeconds: ACK_DEADLINE_SECONDS,
        enableMessageOrdering: ref.ordering === 'key',
        enableExactlyOnceDelivery: this.#session.settings.exactlyOnce,
        filter: nativeFilter(settings.filter),
        labels: identityLabels('ephemeral', identityOf(ref, settings)),
      })
      const made = await request(signal, () => making).catch((error: unknown) => {
        // Nobody waits for it any more: what is still made must not stay.
        if (signal.aborted) this.#undo(base, making)
        throw error
      })
      return made ? CREATED : SAME
    } catch (error) {
      if (statusOf(error) === NOT_FOUND) throw missingTopic(ref, error)
      throw error
    }
  }

  #undo(base: string, making: Promise<boolean>): void {
    making
      .then(() => this.#deleteSubscription(base, NEVER))
      .then(undefined, (error: unknown) => {
        this.#session.runtime.log('warn', `anybroker: ${base} may be left; the service removes it after a day`, {
          error,
        })
      })
  }

  /** Somebody else made it at the same time. */
  async #again(ref: EntityRef, settings: EntitySettings, signal: AbortSignal): Promise<Ensured> {
    return (await this.check(ref, settings, signal)) ?? CREATED
  }

  get #lasting(): Subscription {
    const { settings } = this.#session
    return {
      ...KEPT,
      messageRetentionDuration: { seconds: retentionSeconds(settings) },
      enableExactlyOnceDelivery: settings.exactlyOnce,
    }
  }

  /** A subscription that lasts. The service counts deliveries only where it has a dead-letter policy. */
  #kept(ref: Owner, dead: string): Subscription {
    return {
      ...this.#lasting,
      enableMessageOrdering: ref.ordering === 'key',
      deadLetterPolicy: {
        deadLetterTopic: this.#session.names.topicPath(dead),
        maxDeliveryAttempts: BACKSTOP_DELIVERIES,
      },
    }
  }

  /** To the earliest that its topic keeps. */
  async #seekToStart(name: string, signal: AbortSignal): Promise<void> {
    const { names, clients, runtime } = this.#session
    const subscription = names.subscriptionPath(name)
    const time = toTimestamp(runtime.wallNow() - REPLAY_SECONDS * 1_000)
    await request(signal, () => clients.subscriber.seek({ subscription, time }, call()))
  }

  async #isWhole(ref: Owner, signal: AbortSignal): Promise<boolean> {
    return (await this.#subscription(this.#session.names.lane(ref), signal)) !== undefined
  }

  async #topic(name: string, signal: AbortSignal): Promise<protos.google.pubsub.v1.ITopic | undefined> {
    const topic = this.#session.names.topicPath(name)
    return orUndefined(async () => {
      const [there] = await request(signal, () => this.#session.clients.publisher.getTopic({ topic }, call()))
      return there
    })
  }

  async #subscription(name: string, signal: AbortSignal): Promise<Subscription | undefined> {
    const subscription = this.#session.names.subscriptionPath(name)
    return orUndefined(async () => {
      const [there] = await request(signal, () =>
        this.#session.clients.subscriber.getSubscription({ subscription }, call()),
      )
      return there
    })
  }

  /** False where it is there. */
  async #makeTopic(name: string, signal: AbortSignal, settings: protos.google.pubsub.v1.ITopic): Promise<boolean> {
    const { names, clients } = this.#session
    return made(() =>
      request(signal, () => clients.publisher.createTopic({ name: names.topicPath(name), ...settings }, call())),
    )
  }

  /** False where it is there. */
  async #makeSubscription(name: string, on: string, signal: AbortSignal, settings: Subscription): Promise<boolean> {
    const { names, clients, runtime, settings: own } = this.#session
    const path = names.subscriptionPath(name)
    const before = runtime.wallNow() + 1
    const subscription = { name: path, topic: names.topicPath(on), ...settings }
    const isNew = await made(() => request(signal, () => clients.subscriber.createSubscription(subscription, call())))
    // The service begins with what comes; its emulator with all that the topic keeps. It runs by our clock.
    if (isNew && own.emulator !== undefined && on !== name && settings.enableMessageOrdering !== true) {
      const to = { subscription: path, time: toTimestamp(before) }
      await request(signal, () => clients.subscriber.seek(to, call()))
    }
    return isNew
  }

  #deleteSubscription(name: string, signal: AbortSignal): Promise<boolean> {
    const subscription = this.#session.names.subscriptionPath(name)
    return this.#gone(signal, () => this.#session.clients.subscriber.deleteSubscription({ subscription }, call()))
  }

  /** False where there was nothing. */
  async #gone(signal: AbortSignal, remove: () => Promise<unknown>): Promise<boolean> {
    const removed = await orUndefined(async () => {
      await request(signal, remove)
      return true
    })
    return removed ?? false
  }

  async #subscriptionsOf(topic: string, signal: AbortSignal): Promise<readonly string[]> {
    const found = await orUndefined(async () => {
      const [paths] = await request(signal, () =>
        this.#session.clients.publisher.listTopicSubscriptions({ topic }, call()),
      )
      return paths
    })
    return found ?? []
  }
}

/** Without an expiration: the service's own is 31 days without activity, and a durable subscription must outlive them. */
const KEPT: Subscription = Object.freeze({
  expirationPolicy: {},
  ackDeadlineSeconds: ACK_DEADLINE_SECONDS,
})

const NEVER = new AbortController().signal

function compared(found: readonly string[]): Ensured {
  return found.length === 0 ? SAME : { as: 'differs', differences: found }
}

function orderingOf(labels: Labels | null | undefined): 'key' | 'none' {
  return labels?.['ab-ordering'] === 'key' ? 'key' : 'none'
}

function missingTopic(ref: SubscriptionRef | Owner, cause?: unknown): Error {
  const topic: TopicRef =
    ref.kind === 'subscription'
      ? { kind: 'topic', name: ref.topic, ordering: ref.ordering }
      : { kind: 'topic', name: ref.name, ordering: ref.ordering }
  return notFound(`creating ${described(ref)}`, topic, cause)
}

async function orUndefined<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (statusOf(error) === NOT_FOUND) return undefined
    throw error
  }
}

async function made(make: () => Promise<unknown>): Promise<boolean> {
  try {
    await make()
    return true
  } catch (error) {
    if (statusOf(error) === ALREADY_EXISTS) return false
    throw error
  }
}

function refuseNative(ref: EntityRef, { native }: EntitySettings): void {
  const [key] = Object.keys(native ?? {})
  if (key !== undefined)
    throw new TypeError(
      `native.google-pubsub.${key} of ${described(ref)}: google-pubsub has no options of its own for it`,
    )
}
