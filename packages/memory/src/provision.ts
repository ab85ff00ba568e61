import {
  canonicalFilter,
  type Ensured,
  type EntityRef,
  type EntitySettings,
  type SubscriptionRef,
  type Topology,
} from '@anybroker/driver'
import { Full } from './engine/destination.ts'
import type { Session } from './engine/session.ts'
import type { Subscription } from './engine/subscription.ts'
import { deleted, full, notFound } from './errors.ts'
import { described } from './names.ts'

const CREATED: Ensured = Object.freeze({ as: 'created' })
const SAME: Ensured = Object.freeze({ as: 'same' })

/** Entities are made and found in maps: what resolves is true from then on (S1). */
export class MemoryTopology implements Topology {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  async ensure(ref: EntityRef, settings: EntitySettings, signal: AbortSignal): Promise<Ensured> {
    const there = await this.check(ref, settings, signal)
    if (there !== undefined) return there
    const { namespace } = this.#session
    if (ref.kind === 'queue') namespace.makeQueue(ref.name, ref.ordering)
    else if (ref.kind === 'topic') namespace.makeTopic(ref.name, ref.ordering)
    else this.#subscribe(ref, settings)
    return CREATED
  }

  async check(ref: EntityRef, settings: EntitySettings, signal: AbortSignal): Promise<Ensured | undefined> {
    this.#session.check()
    signal.throwIfAborted()
    refuseNative(ref, settings)
    const { namespace } = this.#session
    switch (ref.kind) {
      case 'queue':
        return compared(namespace.queues.get(ref.name), (queue) => orderings(queue.ordering, ref))
      case 'topic':
        return compared(namespace.topics.get(ref.name), (topic) => orderings(topic.ordering, ref))
      case 'subscription': {
        const topic = namespace.topics.get(ref.topic)
        if (topic === undefined) throw notFound(`opening ${described(ref)}`, { ...ref, kind: 'topic', name: ref.topic })
        return compared(topic.subscriptions.get(ref.name), (subscription) => [
          ...orderings(topic.ordering, ref),
          ...this.#differences(subscription, ref, settings),
        ])
      }
    }
  }

  async delete(ref: EntityRef, signal: AbortSignal): Promise<boolean> {
    this.#session.check()
    signal.throwIfAborted()
    const { queues, topics } = this.#session.namespace
    switch (ref.kind) {
      case 'queue':
        return removed(queues, ref.name, described(ref))
      case 'topic':
        return removed(topics, ref.name, described(ref))
      case 'subscription':
        return removed(topics.get(ref.topic)?.subscriptions, ref.name, described(ref))
    }
  }

  async list(signal: AbortSignal): Promise<readonly EntityRef[]> {
    this.#session.check()
    signal.throwIfAborted()
    const { queues, topics } = this.#session.namespace
    const found: EntityRef[] = []
    for (const [name, { ordering }] of queues) found.push({ kind: 'queue', name, ordering })
    for (const [topic, { ordering, subscriptions }] of topics) {
      found.push({ kind: 'topic', name: topic, ordering })
      for (const [name, { settings }] of subscriptions) {
        if (settings.durability === 'ephemeral') continue
        found.push({ kind: 'subscription', topic, name, ordering, durability: 'durable' })
      }
    }
    return found
  }

  #subscribe(ref: SubscriptionRef, { filter, from = 'now' }: EntitySettings): void {
    const topic = this.#session.namespace.topics.get(ref.topic)
    const made = topic?.subscribe(ref.name, { filter, from, durability: ref.durability })
    if (made instanceof Full) {
      const { used, maxBytes } = this.#session.store.room
      throw full(`creating ${described(ref)} from the earliest`, made.bytes, used, maxBytes)
    }
    if (made !== undefined) this.#own(made)
  }

  #differences(there: Subscription, ref: SubscriptionRef, { filter, from = 'now' }: EntitySettings): string[] {
    const { settings } = there
    const differences = [
      ...differing('durability', settings.durability, ref.durability),
      ...differing('filter', canonicalFilter(settings.filter) || 'none', canonicalFilter(filter) || 'none'),
      ...differing('from', settings.from, from),
    ]
    if (differences.length === 0) this.#own(there)
    return differences
  }

  /** An ephemeral subscription goes with the connection that asked for it last. */
  #own(subscription: Subscription): void {
    if (subscription.settings.durability === 'ephemeral') this.#session.own(subscription)
  }
}

function compared<T>(there: T | undefined, differences: (there: T) => readonly string[]): Ensured | undefined {
  if (there === undefined) return undefined
  const found = differences(there)
  return found.length === 0 ? SAME : { as: 'differs', differences: found }
}

function orderings(there: string, { ordering }: EntityRef): readonly string[] {
  return differing('ordering', there, ordering)
}

function differing(what: string, there: string, asked: string): readonly string[] {
  return there === asked ? [] : [`${what}: there ${there}, asked ${asked}`]
}

function removed<T extends { end(error: Error): void }>(
  from: Map<string, T> | undefined,
  name: string,
  what: string,
): boolean {
  const found = from?.get(name)
  if (from === undefined || found === undefined) return false
  from.delete(name)
  found.end(deleted(what))
  return true
}

function refuseNative(ref: EntityRef, { native }: EntitySettings): void {
  const [key] = Object.keys(native ?? {})
  if (key !== undefined)
    throw new TypeError(`native.memory.${key} of ${described(ref)}: memory has no options of its own`)
}
