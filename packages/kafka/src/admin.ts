import type { Admin, Depth, SourceRef, SubscriptionRef, WireMessage } from '@anybroker/driver'
import { BrokerError } from '@anybroker/driver'
import { decodeNote } from './commit-note.ts'
import type { Committed } from './client/port.ts'
import { errorType } from './client/port.ts'
import { notFound } from './errors.ts'
import { described } from './names.ts'
import { readsOf } from './sources.ts'
import type { Session } from './session.ts'
import { fromRecord } from './wire.ts'

const PEEK_BYTES = 1024 * 1024
const PEEK_WAIT_MS = 50

/** One partition of a source, as its group left it. */
interface Backlog {
  readonly topic: string
  readonly partition: number
  readonly from: number
  readonly end: number
  readonly finished: (offset: number) => boolean
  /** Not finished, from `from` to `end`. */
  readonly count: number
}

export class KafkaAdmin implements Admin {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  /** Whatever is not finished, in hand or not; what is in the later partitions of the retry topic waits for its time. */
  async depth(ref: SourceRef, _signal: AbortSignal): Promise<Depth> {
    const { retry } = readsOf(this.#session.names, ref)
    let ready = 0
    let delayed = 0
    for (const { topic, partition, count } of await this.#backlog('counting', ref)) {
      if (topic === retry && partition > 0) delayed += count
      else ready += count
    }
    return retry === undefined ? { ready } : { ready, delayed }
  }

  async peek(ref: SourceRef, max: number, _signal: AbortSignal): Promise<readonly WireMessage[]> {
    const { client } = this.#session
    const backlog = (await this.#backlog('peeking into', ref)).filter(({ count }) => count > 0)
    const reader = client.openReader()
    const seen: WireMessage[] = []
    try {
      for (const { topic, partition, from, end, finished } of backlog) {
        for (let offset = from; offset < end && seen.length < max;) {
          const node = await reader.leader(topic, partition, false)
          if (node === undefined) break
          const position = { topic, partition, offset, maxBytes: PEEK_BYTES }
          const [fetched] = await reader.fetch(node, [position], PEEK_WAIT_MS, PEEK_BYTES)
          if (fetched?.error !== undefined) throw fetched.error
          if (fetched === undefined || fetched.end <= offset) break
          for (const record of fetched.records) {
            if (record.offset < end && !finished(record.offset))
              seen.push(fromRecord(record, ref, `k${partition}-${record.offset}`))
          }
          offset = fetched.end
        }
      }
    } finally {
      reader.close()
    }
    return seen.slice(0, max)
  }

  /** Of a topic of our own the records go; of a shared one the group's offsets move, which its consumers here are told of. */
  async purge(ref: SourceRef, _signal: AbortSignal): Promise<number> {
    const { client, receivers, names } = this.#session
    const { group, shared } = readsOf(names, ref)
    const backlog = await this.#backlog('purging', ref)
    const ours = [...receivers].filter(([, of]) => of === group).map(([receiver]) => receiver)
    if (ours.length === 0 && (await client.members(group)).length === 0) {
      await client.commitIdle(
        group,
        backlog.map(({ topic, partition, end }) => ({ topic, partition, offset: end, note: null })),
      )
    } else if (shared !== undefined && ours.length === 0) throw busy(`purging ${described(ref)}`)
    for (const [topic, list] of Map.groupBy(backlog, (one) => one.topic)) {
      const ends = new Map(list.map(({ partition, end }) => [partition, end]))
      for (const receiver of ours) receiver.dropBefore(topic, ends)
      if (topic !== shared) await client.deleteRecords(topic, ends)
    }
    return backlog.reduce((sum, { count }) => sum + count, 0)
  }

  async seek(ref: SubscriptionRef, to: Date | 'start', _signal: AbortSignal): Promise<void> {
    const { client, receivers, names } = this.#session
    const { group, retry, shared = '' } = readsOf(names, ref)
    const ours = [...receivers].filter(([, of]) => of === group).map(([receiver]) => receiver)
    const members = await client.members(group)
    const strangers = members.filter((member) => !ours.some((one) => one.member === member))
    if (strangers.length > 0) throw busy(`seeking ${described(ref)}`)
    const counts = await client.topics([shared, ...(retry === undefined ? [] : [retry])])
    if (!counts.has(shared) || (retry !== undefined && !counts.has(retry)))
      throw notFound(`seeking ${described(ref)}`, ref)
    const commits: Committed[] = []
    for (const [topic, count] of counts) {
      const partitions = Array.from({ length: count }, (_, partition) => partition)
      // Copies that wait for another attempt are of before the seek: what of them is wanted comes from the topic.
      const at = topic === retry ? 'end' : to === 'start' ? 'start' : to.getTime()
      for (const [partition, offset] of await client.offsets(topic, partitions, at))
        commits.push({ topic, partition, offset, note: null })
    }
    await Promise.all(ours.map((receiver) => receiver.leave('the subscription was set to another place')))
    try {
      await client.commitIdle(group, commits)
    } catch (error) {
      if (errorType(error) === 'UNKNOWN_MEMBER_ID') throw busy(`seeking ${described(ref)}`, error)
      throw error
    }
  }

  async #backlog(action: string, ref: SourceRef): Promise<readonly Backlog[]> {
    const { client, names } = this.#session
    const { group, topics } = readsOf(names, ref)
    const counts = await client.topics(topics)
    if (topics.some((topic) => !counts.has(topic))) throw notFound(`${action} ${described(ref)}`, ref)
    const committed = new Map(
      (await client.committed(group, counts)).map((one) => [`${one.topic} ${one.partition}`, one]),
    )
    const backlog: Backlog[] = []
    for (const [topic, count] of counts) {
      const partitions = Array.from({ length: count }, (_, partition) => partition)
      const [starts, ends] = await Promise.all([
        client.offsets(topic, partitions, 'start'),
        client.offsets(topic, partitions, 'end'),
      ])
      for (const partition of partitions) {
        const one = committed.get(`${topic} ${partition}`)
        const from = Math.max(one?.offset ?? 0, starts.get(partition) ?? 0)
        backlog.push(backlogOf(topic, partition, from, Math.max(from, ends.get(partition) ?? 0), one))
      }
    }
    return backlog
  }
}

function backlogOf(topic: string, partition: number, from: number, end: number, one: Committed | undefined): Backlog {
  const { finished } = decodeNote(one?.offset ?? 0, one?.note ?? null)
  const done = finished.reduce((sum, [low, high]) => sum + Math.max(0, Math.min(high, end) - Math.max(low, from)), 0)
  return {
    topic,
    partition,
    from,
    end,
    finished: (offset) => finished.some(([low, high]) => low <= offset && offset < high),
    count: end - from - done,
  }
}

function busy(action: string, cause?: unknown): BrokerError {
  return new BrokerError('CONFLICT', `${action}: it has consumers elsewhere`, cause === undefined ? {} : { cause })
}
