import type {
  Receiver,
  ReceiverOptions,
  Runtime,
  SettleOutcome,
  Settlement,
  SourceRef,
  WireDelivery,
} from '@anybroker/driver'
import type { Assigned, Receipt } from './assigned.ts'
import type { LogClient, LogRecord } from './client/port.ts'
import { Committer } from './committer.ts'
import { unavailable } from './errors.ts'
import { Dispatch } from './dispatch.ts'
import { Guard } from './guard.ts'
import { HandOver } from './hand-over.ts'
import type { Owned } from './membership.ts'
import type { Place, PlaceHooks } from './place.ts'
import { Reading } from './reading.ts'
import { Settling, type Retries } from './settle.ts'
import { untilAborted } from './signals.ts'

/** A fetch brings what is there at once; a source that stays silent for that long is empty. */
const EMPTY_AFTER_MS = 300
/** How much longer than asked a `receive` may wait for the first assignment, before it says that there is nothing. */
const FIRST_ASSIGNMENT_MS = 20_000

type ReceiveOptions = Parameters<Receiver['receive']>[1]

export interface Shared {
  readonly client: LogClient
  readonly runtime: Runtime
  /** Told when a receiver opens and ends, so that the connection knows its own. */
  readonly ended: (receiver: KafkaReceiver) => void
}

/** What a receiver reads, and how. */
export interface Reads {
  readonly source: SourceRef
  readonly address?: string
  readonly wanted?: (record: LogRecord) => boolean
  readonly retries: Retries
  readonly place: (hooks: PlaceHooks, guarded: () => number) => Place
}

/** Partitions of one source, as they come and go, and what of them is in hand. */
export class KafkaReceiver implements Receiver<Receipt> {
  readonly address?: string
  readonly emptyAfterMs: number = EMPTY_AFTER_MS
  readonly source: SourceRef
  readonly #shared: Shared
  readonly #runtime: Runtime
  readonly #reading: Reading
  readonly #committer: Committer
  readonly #settling: Settling
  readonly #dispatch: Dispatch
  readonly #handOver: HandOver
  readonly #place: Place
  readonly #assigned = new Set<Assigned>()
  #maxUnsettled: number
  #paused = false
  #closing = false
  /** Whether we know what is ours. */
  #placed = false
  #failure: { readonly error: unknown } | undefined
  #wake: (() => void) | undefined
  #cancelDue: () => void = () => undefined
  #lost: ((receipts: readonly Receipt[] | 'all', reason: string) => void) | undefined

  constructor(shared: Shared, reads: Reads, options: ReceiverOptions) {
    const { client, runtime } = shared
    this.#shared = shared
    this.#runtime = runtime
    this.source = reads.source
    this.#maxUnsettled = options.maxUnsettled
    if (reads.address !== undefined) this.address = reads.address
    this.#reading = new Reading(client, runtime, {
      arrived: () => this.#arrived(),
      failed: (error) => this.#died(error),
      startOver: (assigned, offset) => {
        this.#giveUp([...assigned.inHand.values()], 'the log was made anew')
        this.#committer.lost([assigned])
        assigned.startOver(offset)
      },
      ...(reads.wanted === undefined ? {} : { wanted: reads.wanted }),
    })
    this.#committer = new Committer(runtime, {
      commit: () => this.#place.commit(),
      stale: () => this.#place.rejoin(),
      died: (error) => this.#died(error),
      changed: () => this.#wake?.(),
    })
    const over = (): boolean => this.#closing || this.#failure !== undefined
    this.#handOver = new HandOver(runtime, this.#committer, over)
    this.#dispatch = new Dispatch(reads.source, {
      guard: new Guard(runtime, this.#committer, {
        partitions: () => [...this.#assigned],
        over,
        wake: () => this.#wake?.(),
        died: (error) => this.#died(error),
      }),
      hungry: () => this.#reading.wake(),
    })
    this.#settling = new Settling(client, runtime, this.#committer, reads.retries, {
      usable: (receipt) => this.#usable(receipt),
      left: (receipt) => this.#left(receipt),
      back: () => this.#arrived(),
    })
    this.#place = reads.place(
      {
        owned: () => this.#owned(),
        gained: (fresh) => this.#gained(fresh),
        letGo: (extra) => this.#letGo(extra),
        beforeJoin: () => this.#beforeJoin(),
        lost: (reason) => this.#lose([...this.#assigned], reason),
        died: (error) => this.#died(error),
        settled: () => {
          this.#placed = true
          this.#committer.resume()
          this.#wake?.()
        },
      },
      () => this.#maxUnsettled,
    )
    this.#place.start()
  }

  /** The member of the group that a dead connection leaves behind. */
  get member(): string {
    return this.#place.member
  }

  /** Of its partitions, up to where everything is finished and committed. */
  get committed(): readonly { readonly topic: string; readonly partition: number; readonly offset: number }[] {
    return [...this.#assigned].map(({ topic, partition, committed }) => ({ topic, partition, offset: committed }))
  }

  async receive(max: number, { waitMs, signal }: ReceiveOptions): Promise<readonly WireDelivery<Receipt>[]> {
    const deadline = this.#runtime.now() + waitMs
    for (;;) {
      signal.throwIfAborted()
      if (this.#failure !== undefined) throw this.#failure.error
      const taken = this.#paused || this.#closing ? [] : this.#dispatch.take(this.#assigned, max)
      if (taken.length > 0) return taken
      const known = this.#placed && [...this.#assigned].every(({ caughtUp, wantsMore }) => caughtUp || !wantsMore)
      const left = deadline + (known ? 0 : FIRST_ASSIGNMENT_MS) - this.#runtime.now()
      if (left <= 0) return []
      await this.#wait(left, signal)
    }
  }

  settle(batch: readonly Settlement<Receipt>[], signal: AbortSignal): Promise<readonly SettleOutcome[]> {
    signal.throwIfAborted()
    return this.#settling.settle(batch, signal)
  }

  release(
    back: readonly { readonly receipt: Receipt; readonly attempts: number }[],
    signal: AbortSignal,
  ): Promise<readonly SettleOutcome[]> {
    signal.throwIfAborted()
    const outcomes = this.#settling.release(back)
    this.#arrived()
    return Promise.resolve(outcomes)
  }

  started(begun: readonly { readonly receipt: Receipt; readonly attempts: number }[]): void {
    for (const { receipt, attempts } of begun) {
      if (receipt.state !== 'out') continue
      receipt.started = true
      this.#settling.note(receipt, attempts, 0)
    }
  }

  hold(held: readonly { readonly receipt: Receipt; readonly attempts: number; readonly dueAt: number }[]): void {
    const ahead = this.#runtime.wallNow() - this.#runtime.now()
    for (const { receipt, attempts, dueAt } of held) {
      if (receipt.state !== 'out') continue
      receipt.started = false
      this.#settling.note(receipt, attempts, Math.ceil(dueAt + ahead))
      this.#dispatch.free(receipt.assigned, receipt.held)
    }
  }

  onLost(listener: (receipts: readonly Receipt[] | 'all', reason: string) => void): void {
    this.#lost = listener
    if (this.#failure !== undefined) listener('all', 'the receiver is dead')
  }

  async resize(maxUnsettled: number): Promise<void> {
    this.#maxUnsettled = maxUnsettled
  }

  pause(): void {
    this.#paused = true
    this.#reading.paused = true
  }

  resume(): void {
    this.#paused = false
    this.#reading.paused = false
    this.#wake?.()
  }

  /** Deliveries in hand are lost, and the group is left, so that its offsets can be set. */
  async leave(reason: string): Promise<void> {
    this.#lose([...this.#assigned], reason)
    await this.#place.leave(new AbortController().signal)
    this.#died(unavailable(reason, 'receiver'))
  }

  /** What waits before these offsets is gone. */
  dropBefore(topic: string, ends: ReadonlyMap<number, number>): void {
    for (const one of this.#assigned) {
      const end = one.topic === topic ? ends.get(one.partition) : undefined
      if (end === undefined) continue
      one.dropBefore(end)
      this.#committer.note(one)
    }
    this.#reading.wake()
  }

  async close(signal: AbortSignal): Promise<void> {
    this.#closing = true
    this.#reading.close()
    this.#cancelDue()
    const ours = [...this.#assigned]
    if (this.#failure === undefined && !signal.aborted) {
      await untilAborted(this.#handOver.write(ours, signal), signal)
      await untilAborted(this.#place.leave(signal), signal)
    }
    this.#place.close()
    this.#end('the receiver was closed')
    this.#failure ??= { error: unavailable('the receiver is closed', 'receiver') }
    this.#wake?.()
    this.#shared.ended(this)
  }

  #usable({ assigned }: Receipt): boolean {
    return !assigned.epoch.ended && !this.#place.expired
  }

  /** A delivery is out of hand. */
  #left(receipt: Receipt): void {
    receipt.assigned.inHand.delete(receipt.held.record.offset)
    this.#dispatch.free(receipt.assigned, receipt.held)
    this.#reading.wake()
  }

  #gained(fresh: readonly Assigned[]): void {
    if (this.#closing || this.#failure !== undefined) return
    for (const one of fresh) this.#assigned.add(one)
    this.#reading.add(fresh)
    this.#placed = true
    this.#handOver.open(fresh).then(
      () => this.#wake?.(),
      (error: unknown) => this.#died(error),
    )
  }

  #owned(): Owned {
    const owned = new Map<string, number[]>()
    for (const { topic, partition } of this.#assigned) {
      const list = owned.get(topic)
      if (list === undefined) owned.set(topic, [partition])
      else list.push(partition)
    }
    return owned
  }

  async #beforeJoin(): Promise<void> {
    await this.#committer.flush([...this.#assigned], false)
  }

  #letGo(extra: Owned): void {
    const going = [...this.#assigned].filter(
      (one) => !one.lettingGo && extra.get(one.topic)?.includes(one.partition) === true,
    )
    if (going.length === 0) return
    const reason = 'the partition goes to another consumer'
    for (const one of going) one.lettingGo = true
    // What no handler has begun goes at once.
    this.#giveUp(
      going.flatMap(({ inHand }) => [...inHand.values()].filter(({ started }) => !started)),
      reason,
    )
    this.#handOver.letGo(going).then(
      () => {
        this.#lose(going, reason)
        this.#place.rejoin()
      },
      (error: unknown) => this.#died(error),
    )
  }

  #giveUp(receipts: readonly Receipt[], reason: string): void {
    const out = receipts.filter(({ state }) => state === 'out')
    for (const receipt of out) {
      receipt.state = 'gone'
      this.#left(receipt)
    }
    if (out.length > 0) this.#lost?.(out, reason)
  }

  #lose(partitions: readonly Assigned[], reason: string): void {
    const receipts = partitions.flatMap(({ inHand }) => [...inHand.values()])
    for (const one of partitions) {
      one.epoch.end(reason)
      this.#assigned.delete(one)
      this.#reading.remove(one)
      one.clear()
    }
    this.#committer.lost(partitions)
    this.#giveUp(receipts, reason)
  }

  #arrived(): void {
    this.#wake?.()
    this.#cancelDue()
    let next = Infinity
    const now = this.#runtime.wallNow()
    for (const one of this.#assigned) {
      one.wake(now)
      next = Math.min(next, one.nextDueAt)
    }
    if (next < Infinity && !this.#closing)
      this.#cancelDue = this.#runtime.timer(Math.min(next - now + 1, LONGEST_TIMER_MS), () => this.#arrived())
  }

  #died(error: unknown): void {
    if (this.#failure !== undefined || this.#closing) return
    this.#failure = { error }
    this.#reading.close()
    // So that the others of the group need not wait for the end of our session; tells its own failure.
    this.#place.leave(new AbortController().signal).then(
      () => undefined,
      () => undefined,
    )
    this.#end(error instanceof Error ? error.message : 'the receiver died')
    this.#lost?.('all', 'the receiver died')
    this.#wake?.()
    this.#shared.ended(this)
  }

  #end(reason: string): void {
    this.#cancelDue()
    this.#dispatch.end()
    this.#committer.end()
    for (const one of this.#assigned) {
      one.epoch.end(reason)
      one.clear()
    }
    this.#assigned.clear()
  }

  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel()
        signal.removeEventListener('abort', done)
        this.#wake = undefined
        resolve()
      }
      const cancel = this.#runtime.timer(ms, done)
      signal.addEventListener('abort', done)
      this.#wake = done
    })
  }
}

/** Node's timers take 31 bits. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
