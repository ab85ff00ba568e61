import type { Runtime } from '@anybroker/driver'
import type { Assigned } from './assigned.ts'
import { errorType, type Fetched, type LogClient, type LogReader, type LogRecord } from './client/port.ts'
import { describeError } from './errors.ts'

/** How long a node may wait with its answer when there is nothing: as long as a partition that joins may have to wait. */
const IDLE_WAIT_MS = 250
/** The same while some partitions are full, and may have room at any moment. */
const BUSY_WAIT_MS = 30
const PARTITION_BYTES = 256 * 1024
const FETCH_BYTES = 4 * 1024 * 1024
const BACKOFF_MS = 50
const BACKOFF_MAX_MS = 2_000
/** A topic that is missing for that long has been deleted; metadata may lag for moments. */
const MISSING_MS = 2_000

export interface ReadingHooks {
  /** Something may be handed out, or the end of a partition was reached. */
  arrived(): void
  /** No fetch can help any more. */
  failed(error: unknown): void
  /** The log ends before our place: it was deleted and made anew. What is in hand is of the old one. */
  startOver(assigned: Assigned, offset: number): void
  readonly wanted?: (record: LogRecord) => boolean
}

/** Fetches for whatever is assigned, one loop for each node that leads some of it. */
export class Reading {
  readonly #client: LogClient
  readonly #reader: LogReader
  readonly #runtime: Runtime
  readonly #hooks: ReadingHooks
  readonly #partitions = new Map<Assigned, number | undefined>()
  readonly #loops = new Set<number>()
  readonly #end = new AbortController()
  readonly #sleepers = new Set<() => void>()
  #paused = false
  #locating = false
  #missingSince: number | undefined

  constructor(client: LogClient, runtime: Runtime, hooks: ReadingHooks) {
    this.#client = client
    this.#reader = client.openReader()
    this.#runtime = runtime
    this.#hooks = hooks
  }

  add(assigned: readonly Assigned[]): void {
    for (const one of assigned) this.#partitions.set(one, undefined)
    this.#locate(false)
  }

  remove(assigned: Assigned): void {
    this.#partitions.delete(assigned)
  }

  /** There may be room again. */
  wake(): void {
    for (const wake of this.#sleepers) wake()
  }

  set paused(paused: boolean) {
    this.#paused = paused
    if (!paused) this.wake()
  }

  close(): void {
    this.#end.abort()
    this.#partitions.clear()
    this.wake()
    this.#reader.close()
  }

  /** Finds the leaders of those that have none, and sees that each of these has its loop. */
  #locate(refresh: boolean): void {
    if (this.#locating) return
    this.#locating = true
    this.#located(refresh).then(
      () => undefined,
      (error: unknown) => this.#hooks.failed(error),
    )
  }

  async #located(refreshFirst: boolean): Promise<void> {
    let refresh = refreshFirst
    for (let failures = 0; !this.#end.signal.aborted; failures += 1) {
      const lost = [...this.#partitions].filter(([, node]) => node === undefined).map(([one]) => one)
      if (lost.length === 0) break
      try {
        for (const one of lost) {
          const node = await this.#reader.leader(one.topic, one.partition, refresh)
          refresh = false
          this.#missingSince = undefined
          if (node === undefined || !this.#partitions.has(one)) continue
          this.#partitions.set(one, node)
          this.#spin(node)
        }
      } catch (error) {
        if (!this.#mayPass(error)) throw error
      }
      refresh = true
      if ([...this.#partitions.values()].includes(undefined)) await this.#backOff(failures)
    }
    this.#locating = false
  }

  #mayPass(error: unknown): boolean {
    if (this.#end.signal.aborted) return true
    if (errorType(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') return describeError(error).retryable
    const now = this.#runtime.now()
    this.#missingSince ??= now
    return now - this.#missingSince < MISSING_MS
  }

  #spin(node: number): void {
    if (this.#loops.has(node)) return
    this.#loops.add(node)
    this.#loop(node).then(
      () => this.#loops.delete(node),
      (error: unknown) => this.#hooks.failed(error),
    )
  }

  async #loop(node: number): Promise<void> {
    let failures = 0
    while (!this.#end.signal.aborted) {
      const mine = [...this.#partitions].filter(([, at]) => at === node).map(([one]) => one)
      if (mine.length === 0) return
      const wanting = this.#paused ? [] : mine.filter((one) => one.wantsMore && !one.lettingGo)
      if (wanting.length === 0) {
        await this.#untilWoken()
        continue
      }
      const busy = wanting.length < mine.length || wanting.some(({ caughtUp }) => !caughtUp)
      const positions = wanting.map(({ topic, partition, position }) => ({
        topic,
        partition,
        offset: position,
        maxBytes: PARTITION_BYTES,
      }))
      try {
        const fetched = await this.#reader.fetch(node, positions, busy ? BUSY_WAIT_MS : IDLE_WAIT_MS, FETCH_BYTES)
        failures = 0
        await this.#accept(wanting, fetched)
      } catch (error) {
        if (this.#end.signal.aborted) return
        if (!this.#mayPass(error)) throw error
        await this.#backOff(failures)
        failures += 1
        for (const one of mine) if (this.#partitions.has(one)) this.#partitions.set(one, undefined)
        this.#locate(true)
      }
    }
  }

  async #accept(asked: readonly Assigned[], fetched: readonly Fetched[]): Promise<void> {
    let arrived = false
    for (const one of fetched) {
      const assigned = asked.find(({ topic, partition }) => topic === one.topic && partition === one.partition)
      if (assigned === undefined || !this.#partitions.has(assigned)) continue
      if (one.error === undefined) {
        const before = assigned.caughtUp
        assigned.accept(one.records, one.end, one.high, this.#hooks.wanted)
        arrived ||= one.records.length > 0 || before !== assigned.caughtUp
      } else if (errorType(one.error) === 'OFFSET_OUT_OF_RANGE') await this.#skipToStart(assigned)
      else {
        if (!this.#mayPass(one.error)) throw one.error
        this.#partitions.set(assigned, undefined)
        this.#locate(true)
      }
    }
    if (arrived) this.#hooks.arrived()
  }

  /** What was there is gone: purged, trimmed, or older than the topic keeps. Begins with the oldest that is left. */
  async #skipToStart(assigned: Assigned): Promise<void> {
    const { topic, partition, position } = assigned
    const start = (await this.#client.offsets(topic, [partition], 'start')).get(partition) ?? 0
    this.#runtime.log('warn', `kafka: ${topic} ${partition} has nothing at ${position}, going on at ${start}`)
    if (start > position) assigned.dropBefore(start)
    else this.#hooks.startOver(assigned, start)
  }

  async #backOff(failures: number): Promise<void> {
    const ms = Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** failures) * (0.5 + this.#runtime.random())
    await Promise.allSettled([this.#runtime.sleep(ms, this.#end.signal)])
  }

  #untilWoken(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#sleepers.delete(wake)
        resolve()
      }
      this.#sleepers.add(wake)
    })
  }
}
