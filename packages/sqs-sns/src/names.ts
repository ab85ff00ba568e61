import { type EntityRef, joinName, type Ref, type SourceRef, splitName, type SubscriptionRef } from '@anybroker/driver'

/** SQS takes 80 characters, `.fifo` included. SNS takes 256. */
const QUEUE_SPELLING = { separator: '_-', maxLength: 75 } as const
const TOPIC_SPELLING = { separator: '_-', maxLength: 250 } as const
const FIFO = '.fifo'

/** What a name on SQS stands for. */
export interface Found {
  readonly ref: EntityRef
  readonly physical: string
  /** The name was cut and hashed, or may be: the parts are in the tag `ab:name`. */
  readonly hashed: boolean
}

/**
 * How one namespace spells its entities. `_` of the user's is doubled, so that `_-` can only be a separator and no two entities share
 * a name (M6). Ordered ones end in `.fifo`:
 *
 * | what | name |
 * |---|---|
 * | queue; its dead letters | `<ns>_-q_-<queue>`; `<ns>_-dq_-<queue>` |
 * | topic, on SNS | `<ns>_-t_-<topic>` |
 * | durable subscription; its dead letters | `<ns>_-s_-<topic>_-<subscription>`; `<ns>_-ds_-…` |
 * | ephemeral subscription | `<ns>_-e_-<topic>_-<name>` |
 * | inbox | `<ns>_-r_-<id>` |
 */
export class Names {
  readonly #namespace: string

  constructor(namespace: string) {
    this.#namespace = namespace
  }

  /** The queue that a source is received from, or that a message to it goes to. */
  queue(ref: Exclude<Ref, { kind: 'topic' }>): string {
    switch (ref.kind) {
      case 'queue':
        return this.#queue(['q', ref.name], ref)
      case 'subscription':
        return this.#queue([ref.durability === 'ephemeral' ? 'e' : 's', ref.topic, ref.name], ref)
      case 'dead-letters':
        return ref.of.kind === 'queue'
          ? this.#queue(['dq', ref.of.name], ref.of)
          : this.#queue(['ds', ref.of.topic, ref.of.name], ref.of)
      case 'inbox':
        return ref.address ?? ''
    }
  }

  topic(ref: { readonly topic: string } | { readonly name: string }, ordering: EntityRef['ordering']): string {
    const name = 'topic' in ref ? ref.topic : ref.name
    return joinName([this.#namespace, 't', name], TOPIC_SPELLING) + (ordering === 'key' ? FIFO : '')
  }

  inbox(id: string): string {
    return joinName([this.#namespace, 'r', id], QUEUE_SPELLING)
  }

  /** A reply address of this namespace: anything else may be somebody's queue. */
  isInbox(address: string): boolean {
    return address.startsWith(this.prefix('r')) && /^[A-Za-z0-9_-]{1,80}$/.test(address)
  }

  /** What the names of a kind begin with, and no others do: as far as a long namespace leaves room for it. */
  prefix(kind: 'q' | 's' | 'e' | 'r' | 't' | ''): string {
    const begin = `${this.#namespace.replaceAll('_', '__')}_-`
    return kind === '' ? begin : `${begin}${kind}_-`
  }

  /** The queue or subscription of a name on SQS; undefined where it is none of this namespace. */
  found(physical: string): Found | undefined {
    const base = withoutFifo(physical)
    const ordering = base === physical ? 'none' : 'key'
    const hashed = base.length === QUEUE_SPELLING.maxLength
    const [namespace, , one = '', two = '', ...more] = splitName(base, '_-')
    const isOurs = hashed || (namespace === this.#namespace && more.length === 0)
    if (isOurs && base.startsWith(this.prefix('q')))
      return { ref: { kind: 'queue', name: one, ordering }, physical, hashed }
    if (isOurs && base.startsWith(this.prefix('s')))
      return { ref: { kind: 'subscription', topic: one, name: two, ordering, durability: 'durable' }, physical, hashed }
    return undefined
  }

  foundTopic(physical: string): EntityRef | undefined {
    const base = withoutFifo(physical)
    const [namespace, kind, name, ...more] = splitName(base, '_-')
    if (namespace !== this.#namespace || kind !== 't' || name === undefined || more.length > 0) return undefined
    return { kind: 'topic', name, ordering: base === physical ? 'none' : 'key' }
  }

  #queue(parts: readonly string[], { ordering }: { readonly ordering: EntityRef['ordering'] }): string {
    return joinName([this.#namespace, ...parts], QUEUE_SPELLING) + (ordering === 'key' ? FIFO : '')
  }
}

export function isFifo(physical: string): boolean {
  return physical.endsWith(FIFO)
}

function withoutFifo(physical: string): string {
  return isFifo(physical) ? physical.slice(0, -FIFO.length) : physical
}

/** The same entity in the other mode: another queue, or topic, to the service. */
export function otherMode<R extends EntityRef>(ref: R): R {
  return { ...ref, ordering: ref.ordering === 'key' ? 'none' : 'key' }
}

/** The logical name, as the tag `ab:name` keeps it. */
export function logicalName(ref: EntityRef): string {
  return ref.kind === 'subscription' ? `${ref.topic}/${ref.name}` : ref.name
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

export function topicOf({ topic, ordering }: SubscriptionRef): EntityRef {
  return { kind: 'topic', name: topic, ordering }
}
