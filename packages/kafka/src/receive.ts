import type {
  Receiver,
  ReceiverOptions,
  Runtime,
  SettleOutcome,
  Settlement,
  SourceRef,
  WireDelivery,
} from '@anybroker/driver'
import type { Assigned, Held, Receipt } from './assigned.ts'
import type { LogClient, LogRecord } from './client/port.ts'
import { Committer } from './committer.ts'
import { unavailable } from './errors.ts'
import type { Owned } from './membership.ts'
import type { Place, PlaceHooks } from './place.ts'
import { Reading } from './reading.ts'
import { Settling, type Retries } from './settle.ts'
import { untilAborted } from './signals.ts'
import { fromRecord } from './wire.ts'

/** A fetch brings what is there at once; a source that stays silent for that long is empty. */
const EMPTY_AFTER_MS = 300
/** How much longer than asked a `receive` may wait for the first assignment, before it says that there is nothing. */
const FIRST_ASSIGNMENT_MS = 20_000
/** How long a handler may go on with a message of a partition that is to be another's. */
const LET_GO_MS = 15_000
/** How often, and how many times, a last commit is tried. */
const LOOK_AGAIN_MS = 20
const LAST_TRIES = 50
/** A guarded message that has lived for that long lets the next one out. */
const GUARD_MS = 1_000

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
  readonly #place: Place
  readonly #assigned = new Set<Assigned>()
  #turn = 0
  #maxUnsettled: number
  #paused = false
  #closing = false
  /** Whether we know what is ours. */
  #placed = false
  #failure: { readonly error: unknown } | undefined
  #wake: (() => void) | undefined
  #cancelDue: () => void = () => undefined
  /** Counted, and free to be handed out. */
  #cleared: (readonly [Assigned, Held])[] = []
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
      ...(reads.wanted === undefined ? {} : { wanted: reads.wanted }),
    })
    this.#committer = new Committer(runtime, {
      commit: () => this.#place.commit(),
      stale: () => this.#place.rejoin(),
      died: (error) => this.#died(error),
      changed: () => this.#wake?.(),
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
        letGo: (extra) => this.#startLettingGo(extra),
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
      const taken = this.#take(max)
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
      this.#unguard(receipt.assigned, receipt.held)
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
      await untilAborted(this.#writeAll(ours, signal), signal)
      await untilAborted(this.#place.leave(signal), signal)
    }
    this.#place.close()
    this.#end('the receiver was closed')
    this.#failure ??= { error: unavailable('the receiver is closed', 'receiver') }
    this.#wake?.()
    this.#shared.ended(this)
  }

  /** As far as there is time: in the middle of a rebalance nothing can be committed. */
  async #writeAll(partitions: readonly Assigned[], signal: AbortSignal): Promise<void> {
    for (let tries = 0; tries < LAST_TRIES && !signal.aborted; tries++) {
      if (await this.#committer.flush(partitions, true)) return
      await this.#runtime.sleep(LOOK_AGAIN_MS, signal)
    }
  }

  #take(max: number): WireDelivery<Receipt>[] {
    const taken: WireDelivery<Receipt>[] = []
    if (this.#paused || this.#closing) return taken
    for (const [assigned, held] of this.#cleared.splice(0, max)) {
      if (assigned.epoch.ended) continue
      taken.push(this.#delivery(assigned, held))
      // A handler that has lived for so long does not kill at once.
      this.#runtime.timer(GUARD_MS, () => this.#unguard(assigned, held))
    }
    const open = [...this.#assigned].filter((one) => one.opened && !one.lettingGo && one.waiting > 0)
    let hungry = false
    for (let left = open.length; left > 0 && taken.length < max;) {
      left = 0
      for (let index = 0; index < open.length && taken.length < max; index++) {
        const assigned = open[(this.#turn + index) % open.length]
        const delivery = assigned === undefined ? undefined : this.#next(assigned)
        if (delivery === undefined) continue
        taken.push(delivery)
        left += 1
        hungry ||= assigned?.wantsMore === true
      }
      this.#turn += 1
    }
    if (hungry) this.#reading.wake()
    return taken
  }

  #next(assigned: Assigned): WireDelivery<Receipt> | undefined {
    if (assigned.guarded === 0) {
      const held = assigned.take()
      return held === undefined ? undefined : this.#delivery(assigned, held)
    }
    if (assigned.guard !== undefined) return undefined
    const held = assigned.take()
    if (held !== undefined) this.#guard(assigned, held)
    return undefined
  }

  /** Counted before a handler can see it: if it kills this process, the next one knows. */
  #guard(assigned: Assigned, held: Held): void {
    assigned.guard = held
    assigned.ledger.note(held.record.offset, held.attempts + this.#carried(held) + 1, 0)
    const counted = async (): Promise<void> => {
      while (!assigned.epoch.ended && this.#failure === undefined && !this.#closing) {
        if (await this.#committer.flush([assigned], false)) break
        await this.#runtime.sleep(GUARD_MS / 10)
      }
      if (assigned.epoch.ended || this.#failure !== undefined || this.#closing) return
      this.#cleared.push([assigned, held])
      this.#wake?.()
    }
    counted().then(undefined, (error: unknown) => this.#died(error))
  }

  #carried({ record }: Held): number {
    return fromRecord(record, this.source, '').carriedAttempts ?? 0
  }

  #delivery(assigned: Assigned, held: Held): WireDelivery<Receipt> {
    const { record } = held
    const place = `k${assigned.partition}-${record.offset}`
    const message = fromRecord(record, this.source, place)
    const receipt: Receipt = { assigned, held, state: 'out', started: false }
    assigned.inHand.set(record.offset, receipt)
    // Once noted, attempts stand there with those that the copy carried.
    const attempt = 1 + Math.max(held.attempts, message.carriedAttempts ?? 0)
    return {
      receipt,
      message,
      attempt,
      redelivered: attempt > 1,
      enqueuedAt: record.timestamp,
      position: `${assigned.partition}/${record.offset}`,
      native: record,
    }
  }

  #usable({ assigned }: Receipt): boolean {
    return !assigned.epoch.ended && !this.#place.expired
  }

  /** A delivery is out of hand. */
  #left(receipt: Receipt): void {
    receipt.assigned.inHand.delete(receipt.held.record.offset)
    this.#unguard(receipt.assigned, receipt.held)
    this.#reading.wake()
  }

  #unguard(assigned: Assigned, held: Held): void {
    if (assigned.guard !== held) return
    assigned.guard = undefined
    assigned.guarded = Math.max(0, assigned.guarded - 1)
    this.#wake?.()
  }

  #gained(fresh: readonly Assigned[]): void {
    if (this.#closing || this.#failure !== undefined) return
    for (const one of fresh) this.#assigned.add(one)
    this.#reading.add(fresh)
    this.#placed = true
    this.#openUp(fresh).then(undefined, (error: unknown) => this.#died(error))
  }

  async #openUp(fresh: readonly Assigned[]): Promise<void> {
    const dead = (): boolean => this.#closing || this.#failure !== undefined
    while (!dead() && !(await this.#committer.flush(fresh, false))) await this.#runtime.sleep(LOOK_AGAIN_MS)
    for (const one of fresh) one.opened = true
    this.#wake?.()
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

  #startLettingGo(extra: Owned): void {
    const going = [...this.#assigned].filter((one) => extra.get(one.topic)?.includes(one.partition) === true)
    const fresh = going.filter(({ lettingGo }) => !lettingGo)
    for (const one of fresh) one.lettingGo = true
    if (fresh.length === 0) return
    this.#letGo(fresh).then(undefined, (error: unknown) => this.#died(error))
  }

  /** What no handler has begun goes at once; what runs has its time. Then all of it is committed, and another's. */
  async #letGo(going: readonly Assigned[]): Promise<void> {
    const unseen = going.flatMap(({ inHand }) => [...inHand.values()].filter(({ started }) => !started))
    this.#giveUp(unseen, 'the partition goes to another consumer')
    const until = this.#runtime.now() + LET_GO_MS
    const busy = () => going.some(({ inHand, epoch }) => inHand.size > 0 && !epoch.ended)
    while (busy() && this.#runtime.now() < until && !this.#closing) await this.#runtime.sleep(20)
    for (let tries = 0; tries < 50 && !(await this.#committer.flush(going, true)); tries++)
      await this.#runtime.sleep(20)
    this.#lose(going, 'the partition goes to another consumer')
    this.#place.rejoin()
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
