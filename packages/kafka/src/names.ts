import {
  type EntityRef,
  joinName,
  type QueueRef,
  type Ref,
  type SourceRef,
  type SubscriptionRef,
} from '@anybroker/driver'

/** Kafka takes 249 characters; suffixes come behind. A logical name holds no `.`, so that no two entities share a name (M6). */
const SPELLING = { separator: '.', maxLength: 230 } as const

/**
 * Kafka refuses a topic whose name differs from that of another by `.` for `_` alone, because its metrics spell both `_`. With each
 * `_` of a logical name doubled none does: names begin and end with a letter or digit.
 */
const named = (parts: readonly string[]): string =>
  joinName(
    parts.map((part) => part.replaceAll('_', '__')),
    SPELLING,
  )

/**
 * How one namespace spells its topics and groups, each `_` of a name doubled:
 *
 * | what | name |
 * |---|---|
 * | queue, a topic and a group | `<ns>.q.<queue>` |
 * | topic | `<ns>.t.<topic>` |
 * | durable subscription, a group | `<ns>.s.<topic>.<subscription>` |
 * | retries and delays | `<owner>.retry` |
 * | dead letters, a topic and a group | `<owner>.dead` |
 * | replies | `<ns>.replies` |
 * | what the entities are | `<ns>.meta` |
 */
export class Names {
  readonly namespace: string

  constructor(namespace: string) {
    this.namespace = namespace
  }

  base(ref: EntityRef): string {
    const { namespace } = this
    if (ref.kind === 'queue') return named([namespace, 'q', ref.name])
    if (ref.kind === 'topic') return named([namespace, 't', ref.name])
    return named([namespace, 's', ref.topic, ref.name])
  }

  topicOf(ref: SubscriptionRef): string {
    return named([this.namespace, 't', ref.topic])
  }

  retry(ref: QueueRef | SubscriptionRef): string {
    return `${this.base(ref)}.retry`
  }

  dead(ref: QueueRef | SubscriptionRef): string {
    return `${this.base(ref)}.dead`
  }

  get replies(): string {
    return named([this.namespace, 'replies'])
  }

  get meta(): string {
    return named([this.namespace, 'meta'])
  }
}

export function isEphemeral(ref: Ref): ref is SubscriptionRef & { readonly durability: 'ephemeral' } {
  return ref.kind === 'subscription' && ref.durability === 'ephemeral'
}

/** An entity as errors spell it. */
export function described(ref: Ref | SourceRef): string {
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
