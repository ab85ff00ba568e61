import type { Outcome, Ref, Sender, WireMessage } from '@anybroker/driver'
import { errorType, type NewRecord, type Produced } from './client/port.ts'
import { notFound } from './errors.ts'
import { retryPartition } from './lanes.ts'
import { described, isEphemeral } from './names.ts'
import { partitionOf, shares } from './partition.ts'
import type { Session } from './session.ts'
import { dueHeader, INBOX_HEADER, toRecord } from './wire.ts'

/**
 * Of one `send`. A batch of one partition is stored whole or not at all, and must stay below `max.message.bytes` of the topic, 1 MiB
 * by default, with the headers that core does not count.
 */
const BATCH: Sender['batch'] = Object.freeze({
  maxMessages: 500,
  maxBytes: 768 * 1024,
  maxInFlight: 4,
  keepsKeyOrder: true,
})

/** Where the messages of one batch go. */
interface Planned {
  readonly topic: string
  readonly partition: number
  readonly record: NewRecord
  readonly index: number
}

/** Produces with acks of all replicas; every record has its partition from us. */
export class KafkaSender implements Sender {
  readonly batch: Sender['batch'] = BATCH
  readonly #session: Session
  readonly #target: Ref
  readonly #topic: string
  #partitions: number
  #next: number

  private constructor(session: Session, target: Ref, topic: string, partitions: number) {
    this.#session = session
    this.#target = target
    this.#topic = topic
    this.#partitions = partitions
    this.#next = Math.floor(session.runtime.random() * partitions)
  }

  /** Looks whether the target is there. Whether an inbox is, nobody can tell. */
  static async open(session: Session, target: Ref): Promise<KafkaSender> {
    const topic = topicOf(session, target)
    const partitions = (await session.client.topics([topic])).get(topic)
    if (partitions === undefined) throw notFound(`opening a sender to ${described(target)}`, target)
    return new KafkaSender(session, target, topic, partitions)
  }

  async send(batch: readonly WireMessage[], signal: AbortSignal): Promise<readonly Outcome[]> {
    signal.throwIfAborted()
    const planned = this.#plan(batch)
    const outcomes = Array.from<Outcome>({ length: batch.length }).fill(UNANSWERED)
    const byTopic = Map.groupBy(planned, ({ topic }) => topic)
    await Promise.all(
      [...byTopic].map(async ([topic, list]) => {
        const byPartition = Map.groupBy(list, ({ partition }) => partition)
        await this.#produce(topic, byPartition, outcomes)
      }),
    )
    return outcomes
  }

  async close(): Promise<void> {
    // Its connections are the session's.
  }

  #plan(batch: readonly WireMessage[]): readonly Planned[] {
    const { runtime, names } = this.#session
    const target = this.#target
    const now = runtime.wallNow()
    const keyless = batch.reduce((count, { key }) => (this.#ordered && key !== undefined ? count : count + 1), 0)
    const share = shares(keyless, this.#partitions, this.#next)
    let turn = 0
    const planned = batch.map((message, index): Planned => {
      const delayMs = message.deliverAt === undefined ? 0 : message.deliverAt - now
      if (delayMs > 0 && target.kind === 'queue') {
        const record = toRecord(message, now, dueHeader(message.deliverAt ?? 0))
        return { topic: names.retry(target), partition: retryPartition(delayMs), record, index }
      }
      return {
        topic: this.#topic,
        partition: this.#partition(message, () => share(turn++)),
        record: this.#record(message, now),
        index,
      }
    })
    this.#next = (this.#next + turn) % Math.max(1, this.#partitions)
    return planned
  }

  get #ordered(): boolean {
    return 'ordering' in this.#target && this.#target.ordering === 'key'
  }

  #record(message: WireMessage, now: number): NewRecord {
    const target = this.#target
    return toRecord(message, now, target.kind === 'inbox' ? { [INBOX_HEADER]: target.address ?? '' } : undefined)
  }

  #partition({ key }: WireMessage, share: () => number): number {
    const target = this.#target
    // A subscription's retry topic begins with what is due at once; dead letters have one partition.
    if (target.kind === 'subscription' || target.kind === 'dead-letters') return 0
    if (target.kind === 'inbox') return inboxPartition(target.address ?? '', this.#partitions)
    return key !== undefined && this.#ordered ? partitionOf(key, this.#partitions) : share()
  }

  async #produce(
    topic: string,
    byPartition: ReadonlyMap<number, readonly Planned[]>,
    outcomes: Outcome[],
  ): Promise<void> {
    const records = new Map([...byPartition].map(([partition, list]) => [partition, list.map((one) => one.record)]))
    const results = await this.#session.client.produce(topic, records)
    for (const [partition, list] of byPartition) {
      const result = results.get(partition)
      if (result?.as === 'failed' && list.length > 1 && TOO_LARGE.has(errorType(result.error))) {
        await this.#halves(topic, partition, list, outcomes)
        continue
      }
      for (const [place, { index }] of list.entries()) outcomes[index] = this.#outcome(result, partition, place)
    }
  }

  /** The topic takes less than we thought: one half after the other, so that a key keeps its order; the rest after a failure is not tried. */
  async #halves(topic: string, partition: number, list: readonly Planned[], outcomes: Outcome[]): Promise<void> {
    const middle = Math.ceil(list.length / 2)
    for (const half of [list.slice(0, middle), list.slice(middle)]) {
      await this.#produce(topic, new Map([[partition, half]]), outcomes)
    }
  }

  #outcome(result: Produced | undefined, partition: number, place: number): Outcome {
    if (result?.as === 'stored') return { as: 'confirmed', evidence: `${partition}/${result.offset + place}` }
    if (result === undefined) return { as: 'unknown', error: new Error('the answer names it not') }
    const { error, stored } = result
    if (errorType(error) === 'UNKNOWN_TOPIC_OR_PARTITION')
      return { as: 'refused', error: notFound(`sending to ${described(this.#target)}`, this.#target, error) }
    return { as: stored === 'no' ? 'refused' : 'unknown', error }
  }
}

/** Until the answer names it. */
const UNANSWERED: Outcome = Object.freeze({ as: 'unknown', error: new Error('the answer names it not') })
const TOO_LARGE: ReadonlySet<string> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])

function topicOf({ names }: Session, target: Ref): string {
  if (target.kind === 'inbox') return names.replies
  if (target.kind === 'dead-letters') return names.dead(target.of)
  if (target.kind !== 'subscription') return names.base(target)
  return isEphemeral(target) ? names.topicOf(target) : names.retry(target)
}

/** Of an inbox: where its replies lie, among those of others. */
export function inboxPartition(address: string, partitions: number): number {
  return partitionOf(address, partitions)
}
