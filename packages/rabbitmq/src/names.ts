import {
  type EntityRef,
  joinName,
  type Ref,
  type SourceRef,
  type SubscriptionRef,
  type TopicRef,
} from '@anybroker/driver'

/** Of an ordered queue or subscription; fixed, because publishers and consumers must agree on it. */
export const PARTITIONS = 12

/** RabbitMQ takes 255 bytes. Shorter here: the server quotes a name in its answer on a mismatch, and cuts that at 255. */
const SPELLING = { separator: '.', maxLength: 90 } as const

/** A suffix is put behind the joined name, so that a name that was hashed for its length keeps it. */
const named = (parts: readonly string[]): string => joinName(parts, SPELLING)

/**
 * How one namespace spells its entities. A logical name holds no `.`, so that no two entities share a name (M6):
 *
 * | what | name |
 * |---|---|
 * | queue | `<ns>.q.<queue>`, where ordered `<ns>.q.<queue>.p<i>` |
 * | topic, an exchange | `<ns>.t.<topic>`; `….h` for filters; `….subs`, a queue, remembers its subscriptions; `….log`, a stream, its history |
 * | durable subscription | `<ns>.s.<topic>.<subscription>`, where ordered `….p<i>` |
 * | ephemeral subscription | `<ns>.e.<topic>.<name>` |
 * | dead letters | `<owner>.dead` |
 * | inbox | `<ns>.r.<id>` |
 * | delay ladder of an operator | `<ns>.ladder.<seconds>`, an exchange and a queue |
 * | delays | `<ns>.delay.<ms>`, an exchange and a queue; `<ns>.due`, an exchange, brings back what is due |
 */
export class Names {
  readonly namespace: string

  constructor(namespace: string) {
    this.namespace = namespace
  }

  /** Without partitions. */
  base(ref: EntityRef): string {
    const { namespace } = this
    if (ref.kind === 'queue') return named([namespace, 'q', ref.name])
    if (ref.kind === 'topic') return named([namespace, 't', ref.name])
    return named([namespace, ref.durability === 'ephemeral' ? 'e' : 's', ref.topic, ref.name])
  }

  topic(ref: SubscriptionRef): string {
    return named([this.namespace, 't', ref.topic])
  }

  dead(ref: EntityRef): string {
    return `${this.base(ref)}.dead`
  }

  /** The stream that keeps the history of a topic, or of the topic of a subscription. */
  log(ref: TopicRef | SubscriptionRef): string {
    return `${ref.kind === 'topic' ? this.base(ref) : this.topic(ref)}.log`
  }

  inbox(id: string): string {
    return named([this.namespace, 'r', id])
  }

  /** A reply address of this namespace, or one that the server drew: anything else may be somebody's queue. */
  isInbox(address: string): boolean {
    return address.startsWith(`${this.namespace}.r.`) || address.startsWith('amq.')
  }

  delay(ms: number): string {
    return `${this.namespace}.delay.${ms}`
  }

  get due(): string {
    return `${this.namespace}.due`
  }

  /** The queues that a source is received from, or that a message to it may go to. */
  queues(ref: SourceRef): readonly string[] {
    if (ref.kind === 'inbox') return [ref.address ?? '']
    if (ref.kind === 'dead-letters') return [this.dead(ref.of)]
    return isPartitioned(ref) ? partitionsOf(this.base(ref)) : [this.base(ref)]
  }
}

/** An ephemeral subscription has one consumer, and one queue keeps its order. */
export function isPartitioned(ref: SourceRef): boolean {
  if (ref.kind === 'queue') return ref.ordering === 'key'
  return ref.kind === 'subscription' && ref.ordering === 'key' && ref.durability === 'durable'
}

export function partitionsOf(base: string): readonly string[] {
  return Array.from({ length: PARTITIONS }, (_, index) => `${base}.p${index}`)
}

/** The routing key of a partition on the exchange of an ordered topic. */
export function partitionKey(index: number): string {
  return `p${index}`
}

/** What brings a delayed message to this queue, and not to a later one of its name. */
export function dueKey(queue: string, life: string): string {
  return `${queue} ${life}`
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
