import { type EntityRef, joinName, type QueueRef, type Ref, type SubscriptionRef } from '@anybroker/driver'

/** The service takes 255. Ours are shorter by construction, so none is hashed and all are read back by `list`. */
const SPELLING = { separator: '.', maxLength: 240 } as const

const named = (parts: readonly string[]): string => joinName(parts, SPELLING)

/** What has a backlog that is settled, retried and buried. */
export type Owner = QueueRef | SubscriptionRef

/**
 * How one namespace spells its entities. A logical name holds no `.`, so that no two entities share a name (M6). Topics and
 * subscriptions are apart at the service, so a topic and its only subscription have one name:
 *
 * | what | topic | subscription |
 * |---|---|---|
 * | queue | `<ns>.q.<queue>` | the same |
 * | topic | `<ns>.t.<topic>` | |
 * | durable subscription | | `<ns>.s.<topic>.<subscription>` |
 * | ephemeral subscription | | `<ns>.e.<topic>.<name>` |
 * | lane of a queue or durable subscription | `<owner>.lane` | the same |
 * | dead letters | `<owner>.dead` | the same |
 * | replies | `<ns>.replies` | `<ns>.r.<id>` |
 */
export class Names {
  readonly #project: string
  readonly namespace: string

  constructor(project: string, namespace: string) {
    this.#project = `projects/${project}`
    this.namespace = namespace
  }

  get project(): string {
    return this.#project
  }

  base(ref: EntityRef): string {
    const { namespace } = this
    if (ref.kind === 'queue') return named([namespace, 'q', ref.name])
    if (ref.kind === 'topic') return named([namespace, 't', ref.name])
    return named([namespace, ref.durability === 'ephemeral' ? 'e' : 's', ref.topic, ref.name])
  }

  lane(ref: Owner): string {
    return `${this.base(ref)}.lane`
  }

  dead(ref: Owner): string {
    return `${this.base(ref)}.dead`
  }

  /** The name of the topic that a subscription hangs on. */
  topicOf(ref: SubscriptionRef): string {
    return named([this.namespace, 't', ref.topic])
  }

  get replies(): string {
    return `${this.namespace}.replies`
  }

  inbox(id: string): string {
    return named([this.namespace, 'r', id])
  }

  /** A reply address of this namespace: anything else is what a stranger wrote. */
  isInbox(address: string): boolean {
    return address.startsWith(`${this.namespace}.r.`) && /^[A-Za-z0-9_.-]{3,240}[A-Za-z0-9]$/.test(address)
  }

  topicPath(name: string): string {
    return `${this.#project}/topics/${name}`
  }

  subscriptionPath(name: string): string {
    return `${this.#project}/subscriptions/${name}`
  }

  snapshotPath(name: string): string {
    return `${this.#project}/snapshots/${name}`
  }

  /** The parts of a name of this namespace, behind the namespace; undefined for any other. */
  parts(path: string | null | undefined): readonly string[] | undefined {
    const name = lastPart(path)
    const begin = `${this.namespace}.`
    return name.startsWith(begin) ? name.slice(begin.length).split('.') : undefined
  }
}

/** The name at the end of a path. */
export function lastPart(path: string | null | undefined): string {
  return path?.slice(path.lastIndexOf('/') + 1) ?? ''
}

/** What is kept after its process is gone, and can be retried later and buried. */
export function isOwner(ref: Ref): ref is Owner {
  return ref.kind === 'queue' || (ref.kind === 'subscription' && ref.durability === 'durable')
}

export function isOrdered(ref: Ref): boolean {
  return 'ordering' in ref && ref.ordering === 'key'
}

/** An entity as errors spell it. */
export function described(ref: Ref): string {
  switch (ref.kind) {
    case 'queue':
    case 'topic':
      return `${ref.kind} ${ref.name}`
    case 'subscription':
      return `subscription ${ref.topic}/${ref.name}`
    case 'dead-letters':
      return `dead letters of ${described(ref.of)}`
    case 'inbox':
      return `inbox ${ref.address ?? '(its own)'}`
  }
}
