import {
  canonicalFilter,
  type Ensured,
  type EntityRef,
  type EntitySettings,
  type SubscriptionRef,
  type Topology,
} from '@anybroker/driver'
import { errorType, type Committed, type NewTopic } from './client/port.ts'
import { notFound, unavailable } from './errors.ts'
import { RETRY_PARTITIONS } from './lanes.ts'
import { described, isEphemeral } from './names.ts'
import { type Entry, keyOf, refOf } from './registry.ts'
import type { Session } from './session.ts'

const CREATED: Ensured = Object.freeze({ as: 'created' })
const SAME: Ensured = Object.freeze({ as: 'same' })

/** Kept until settled, and trimmed by us. */
const KEPT = { 'retention.ms': '-1', 'retention.bytes': '-1', 'cleanup.policy': 'delete' }
/** A subscription that another has begun to make, and not finished for that long, is made anew. */
const MAKING_MS = 10_000
const LOOK_AGAIN_MS = 100
const LEAVING_TRIES = 20

/** An entity is there when the registry says so, and the topics that it needs are. */
export class KafkaTopology implements Topology {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  async ensure(ref: EntityRef, settings: EntitySettings, signal: AbortSignal): Promise<Ensured> {
    refuseNative(ref, settings)
    signal.throwIfAborted()
    if (isEphemeral(ref)) return this.#ensureEphemeral(ref)
    const { registry } = this.#session
    if (ref.kind === 'subscription') await this.#assertTopic(ref)
    for (;;) {
      const there = await registry.get(keyOf(ref))
      if (there === undefined) break
      const differs = compared(ref, settings, there)
      if (differs !== undefined) return differs
      if (there.state === 'ready' && (await this.#isThere(ref))) return SAME
      if (there.state === 'ready' || this.#isStale(there)) await registry.delete(keyOf(ref))
      else await this.#session.runtime.sleep(LOOK_AGAIN_MS, signal)
    }
    return this.#make(ref, settings, signal)
  }

  async check(ref: EntityRef, settings: EntitySettings, signal: AbortSignal): Promise<Ensured | undefined> {
    refuseNative(ref, settings)
    signal.throwIfAborted()
    if (isEphemeral(ref)) {
      await this.#assertTopic(ref)
      return this.#session.memory.positions.has(ref.name) ? SAME : undefined
    }
    if (ref.kind === 'subscription') await this.#assertTopic(ref)
    if (!(await this.#isThere(ref))) return undefined
    const there = await this.#session.registry.get(keyOf(ref))
    return there === undefined ? SAME : (compared(ref, settings, there) ?? SAME)
  }

  async delete(ref: EntityRef, signal: AbortSignal): Promise<boolean> {
    const { names, registry, memory, client } = this.#session
    if (isEphemeral(ref)) return memory.positions.delete(ref.name)
    if (ref.kind === 'topic') {
      for (const [key, entry] of await registry.all()) {
        const one = refOf(key, entry)
        if (one?.kind === 'subscription' && one.topic === ref.name) await this.delete(one, signal)
      }
      await registry.delete(keyOf(ref))
      return (await client.deleteTopics([names.base(ref)], signal)).length > 0
    }
    await registry.delete(keyOf(ref))
    const own = [names.retry(ref), names.dead(ref)]
    const topics = ref.kind === 'queue' ? [names.base(ref), ...own] : own
    const deleted = await client.deleteTopics(topics, signal)
    for (const group of [names.base(ref), names.dead(ref)]) await this.#deleteGroup(group, signal)
    return deleted.length > 0
  }

  async list(_signal: AbortSignal): Promise<readonly EntityRef[]> {
    const found: EntityRef[] = []
    for (const [key, entry] of await this.#session.registry.all()) {
      const ref = entry.state === 'ready' ? refOf(key, entry) : undefined
      if (ref !== undefined) found.push(ref)
    }
    return found
  }

  /** Members find their topics gone and leave; until then the group can't be deleted. */
  async #deleteGroup(group: string, signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries++) {
      if (await this.#session.client.deleteGroup(group)) return
      // Its offsets name topics that are gone: nobody goes on from them, and they are set anew when its name comes again.
      if (tries === LEAVING_TRIES) return
      await this.#session.runtime.sleep(LOOK_AGAIN_MS, signal)
    }
  }

  async #make(
    ref: Exclude<EntityRef, { durability: 'ephemeral' }>,
    settings: EntitySettings,
    signal: AbortSignal,
  ): Promise<Ensured> {
    const { registry, client, runtime } = this.#session
    const entry: Entry = {
      ordering: ref.ordering,
      filter: canonicalFilter(settings.filter),
      from: settings.from ?? 'now',
      state: ref.kind === 'subscription' ? 'making' : 'ready',
      by: runtime.id(),
      at: runtime.wallNow(),
    }
    if (ref.kind === 'subscription') {
      const claimed = await registry.put(keyOf(ref), entry, signal)
      if (claimed.by !== entry.by) return this.ensure(ref, settings, signal)
    }
    try {
      await client.createTopics(this.#topicsOf(ref), signal)
      if (ref.kind === 'subscription') await this.#register(ref, entry.from)
    } catch (error) {
      // So that nobody waits for it.
      if (ref.kind === 'subscription') await registry.delete(keyOf(ref))
      throw error
    }
    const there = await registry.put(keyOf(ref), { ...entry, state: 'ready' }, signal)
    return compared(ref, settings, there) ?? CREATED
  }

  /** From here on the group has offsets, though it never had a member: what is published now is kept for it. */
  async #register(ref: SubscriptionRef, from: 'now' | 'earliest'): Promise<void> {
    const { client, names } = this.#session
    const group = names.base(ref)
    const topic = names.topicOf(ref)
    const count = (await client.topics([topic])).get(topic) ?? 0
    const partitions = Array.from({ length: count }, (_, partition) => partition)
    const offsets = await client.offsets(topic, partitions, from === 'now' ? 'end' : 'start')
    const commits: Committed[] = [...offsets].map(([partition, offset]) => ({ topic, partition, offset, note: null }))
    const retry = names.retry(ref)
    for (let partition = 0; partition < RETRY_PARTITIONS; partition++)
      commits.push({ topic: retry, partition, offset: 0, note: null })
    try {
      await client.commitIdle(group, commits)
    } catch (error) {
      if (errorType(error) !== 'UNKNOWN_MEMBER_ID') throw error
      throw unavailable(`making ${described(ref)}: consumers of its predecessor have not left yet`, 'receiver', error)
    }
  }

  async #ensureEphemeral(ref: SubscriptionRef): Promise<Ensured> {
    const { client, names, memory } = this.#session
    await this.#assertTopic(ref)
    if (memory.positions.has(ref.name)) return SAME
    const topic = names.topicOf(ref)
    const count = (await client.topics([topic])).get(topic) ?? 0
    const partitions = Array.from({ length: count }, (_, partition) => partition)
    const ends = await client.offsets(topic, partitions, 'end')
    const positions = new Map<string, Committed>()
    for (const [partition, offset] of ends)
      positions.set(`${topic} ${partition}`, { topic, partition, offset, note: null })
    memory.positions.set(ref.name, positions)
    return CREATED
  }

  async #assertTopic(ref: SubscriptionRef): Promise<void> {
    const topic = this.#session.names.topicOf(ref)
    if ((await this.#session.client.topics([topic])).has(topic)) return
    throw notFound(`opening ${described(ref)}`, { kind: 'topic', name: ref.topic, ordering: ref.ordering })
  }

  async #isThere(ref: Exclude<EntityRef, { durability: 'ephemeral' }>): Promise<boolean> {
    const wanted = this.#topicsOf(ref).map(({ topic }) => topic)
    return (await this.#session.client.topics(wanted)).size === wanted.length
  }

  #isStale({ at }: Entry): boolean {
    return this.#session.runtime.wallNow() - at > MAKING_MS
  }

  #topicsOf(ref: EntityRef): readonly NewTopic[] {
    const { names, settings } = this.#session
    const { partitions, topicRetentionMs } = settings
    const topic = names.base(ref)
    if (ref.kind === 'topic')
      return [{ topic, partitions, config: { 'retention.ms': String(topicRetentionMs), 'cleanup.policy': 'delete' } }]
    const own = [
      { topic: names.retry(ref), partitions: RETRY_PARTITIONS, config: KEPT },
      { topic: names.dead(ref), partitions: 1, config: KEPT },
    ]
    return ref.kind === 'queue' ? [{ topic, partitions, config: KEPT }, ...own] : own
  }
}

function compared(ref: EntityRef, settings: EntitySettings, there: Entry): Ensured | undefined {
  const differences: string[] = []
  if (there.ordering !== ref.ordering) differences.push(`ordering: there ${there.ordering}, asked ${ref.ordering}`)
  if (ref.kind === 'subscription') {
    const filter = canonicalFilter(settings.filter)
    if (there.filter !== filter) differences.push(`filter: there ${there.filter || 'none'}, asked ${filter || 'none'}`)
    const from = settings.from ?? 'now'
    if (there.from !== from) differences.push(`from: there ${there.from}, asked ${from}`)
  }
  return differences.length === 0 ? undefined : { as: 'differs', differences }
}

function refuseNative(ref: EntityRef, { native }: EntitySettings): void {
  const [key] = Object.keys(native ?? {})
  if (key !== undefined)
    throw new TypeError(`native.kafka.${key} of ${described(ref)}: kafka has no options of its own for it`)
}
