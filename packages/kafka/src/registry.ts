import type { EntityRef, Ordering, Runtime } from '@anybroker/driver'
import { errorType, type LogClient, type LogReader, type LogRecord } from './client/port.ts'
import { unavailable } from './errors.ts'

/** What an entity is, as it was made. */
export interface Entry {
  readonly ordering: Ordering
  /** As `canonicalFilter` spells it. */
  readonly filter: string
  readonly from: 'now' | 'earliest'
  readonly state: 'making' | 'ready'
  /** Who made it: one id for each making. */
  readonly by: string
  /** Wall clock, milliseconds. */
  readonly at: number
}

const FETCH_BYTES = 1024 * 1024
const WAIT_MS = 100
const COMPACTED = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.1', 'segment.ms': '86400000' }

/**
 * What the entities of a namespace are: a compacted topic with one partition, read to its end before each answer. Of two that make
 * one entity at the same time the first in the log wins, and both see which.
 */
export class Registry {
  readonly #client: LogClient
  readonly #runtime: Runtime
  readonly #topic: string
  readonly #entries = new Map<string, Entry>()
  #reader: LogReader | undefined
  #position = 0
  #turn: Promise<unknown> = Promise.resolve()

  constructor(client: LogClient, runtime: Runtime, topic: string) {
    this.#client = client
    this.#runtime = runtime
    this.#topic = topic
  }

  async get(key: string): Promise<Entry | undefined> {
    await this.#read()
    return this.#entries.get(key)
  }

  async all(): Promise<ReadonlyMap<string, Entry>> {
    await this.#read()
    return new Map(this.#entries)
  }

  /** Resolves with what stands there now: ours, or that of somebody who was faster. */
  async put(key: string, entry: Entry, signal: AbortSignal): Promise<Entry> {
    await this.#ensureTopic(signal)
    await this.#write(key, JSON.stringify(entry))
    await this.#read()
    const there = this.#entries.get(key)
    // Compaction keeps the last record of a key: it must not be the one that lost.
    if (there !== undefined && there.by !== entry.by) await this.#write(key, JSON.stringify(there))
    return there ?? entry
  }

  async delete(key: string): Promise<void> {
    if ((await this.get(key)) !== undefined) await this.#write(key, null)
  }

  close(): void {
    this.#reader?.close()
  }

  async #write(key: string, text: string | null): Promise<void> {
    const value = text === null ? null : Buffer.from(text)
    const record = { key, value, headers: {}, timestamp: this.#runtime.wallNow() }
    const outcome = (await this.#client.produce(this.#topic, new Map([[0, [record]]]))).get(0)
    if (outcome?.as === 'failed') throw outcome.error
  }

  async #ensureTopic(signal: AbortSignal): Promise<void> {
    if ((await this.#client.topics([this.#topic])).size > 0) return
    await this.#client.createTopics([{ topic: this.#topic, partitions: 1, config: COMPACTED }], signal)
  }

  /** One reading after the other; each sees what was there when it was asked for. */
  #read(): Promise<void> {
    const reading = this.#turn.then(() => this.#readOn())
    this.#turn = reading.catch(() => undefined)
    return reading
  }

  async #readOn(): Promise<void> {
    let end: number
    try {
      end = (await this.#client.offsets(this.#topic, [0], 'end')).get(0) ?? 0
    } catch (error) {
      if (errorType(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
      // Nothing was ever made here, or all of it was deleted.
      this.#forget()
      return
    }
    if (end < this.#position) this.#forget()
    this.#reader ??= this.#client.openReader()
    while (this.#position < end) {
      const node = await this.#reader.leader(this.#topic, 0, false)
      if (node === undefined) throw unavailable('the registry has no leader', 'receiver')
      const position = { topic: this.#topic, partition: 0, offset: this.#position, maxBytes: FETCH_BYTES }
      const [fetched] = await this.#reader.fetch(node, [position], WAIT_MS, FETCH_BYTES)
      if (fetched?.error !== undefined) {
        await this.#reader.leader(this.#topic, 0, true)
        throw fetched.error
      }
      for (const record of fetched?.records ?? []) this.#apply(record)
      this.#position = fetched?.end ?? this.#position
    }
  }

  #forget(): void {
    this.#entries.clear()
    this.#position = 0
  }

  #apply({ key, value }: LogRecord): void {
    if (key === null) return
    const name = key.toString()
    if (value === null) this.#entries.delete(name)
    else {
      const entry = parse(value.toString())
      const there = this.#entries.get(name)
      if (entry !== undefined && (there === undefined || there.by === entry.by)) this.#entries.set(name, entry)
    }
  }
}

export function keyOf(ref: EntityRef): string {
  if (ref.kind === 'queue') return `q:${ref.name}`
  return ref.kind === 'topic' ? `t:${ref.name}` : `s:${ref.topic}/${ref.name}`
}

/** The entity again; undefined for a key that is none. */
export function refOf(key: string, { ordering }: Entry): EntityRef | undefined {
  const [, kind, one = '', other] = /^([qts]):([A-Za-z0-9_-]+)(?:\/([A-Za-z0-9_-]+))?$/.exec(key) ?? []
  if (kind === 'q' && other === undefined) return { kind: 'queue', name: one, ordering }
  if (kind === 't' && other === undefined) return { kind: 'topic', name: one, ordering }
  if (kind === 's' && other !== undefined)
    return { kind: 'subscription', topic: one, name: other, ordering, durability: 'durable' }
  return undefined
}

function parse(text: string): Entry | undefined {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    // Written by a stranger: it is none of ours.
    return undefined
  }
  if (typeof given !== 'object' || given === null) return undefined
  const { ordering, filter, from, state, by, at } = given as Partial<Record<keyof Entry, unknown>>
  if ((ordering !== 'none' && ordering !== 'key') || typeof by !== 'string') return undefined
  return {
    ordering,
    filter: typeof filter === 'string' ? filter : '',
    from: from === 'earliest' ? 'earliest' : 'now',
    state: state === 'making' ? 'making' : 'ready',
    by,
    at: typeof at === 'number' ? at : 0,
  }
}
