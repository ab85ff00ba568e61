import {
  Epoch,
  EpochReceipt,
  type ExtendOutcome,
  type Receiver,
  type ReceiverOptions,
  type SettleOutcome,
  type Settlement,
  type SourceRef,
  type WireDelivery,
} from '@anybroker/driver'
import type { Message } from '@aws-sdk/client-sqs'
import { LONGEST_LEASE_MS } from './capabilities.ts'
import { describeError, notFound, unavailable } from './errors.ts'
import { Failures } from './failures.ts'
import { described } from './names.ts'
import { Polls } from './polls.ts'
import { QueueCalls } from './queue-calls.ts'
import type { Session } from './session.ts'
import { Settling } from './settle.ts'
import { Stock } from './stock.ts'
import type { Receipt, Taken } from './taken.ts'
import { Waiting } from './waiting.ts'
import { fromMessage } from './wire.ts'

type ReceiveOptions = Parameters<Receiver['receive']>[1]

/** A poll of a second asks all servers of the queue: one that finds nothing is what the service knows of emptiness. */
const EMPTY_AFTER_MS = 1_000

/** How long beyond its wait a receive goes on polling while polls fail, before it says so. */
const PATIENCE_MS = 20_000

/** Long polls into a small buffer. Leases outlive sockets: a poll that fails costs nothing that is in hand. */
export class SqsSnsReceiver implements Receiver<Receipt> {
  readonly emptyAfterMs: number = EMPTY_AFTER_MS
  readonly maxLeaseMs: number = LONGEST_LEASE_MS
  readonly address?: string
  readonly #session: Session
  readonly #source: SourceRef
  readonly #leaseMs: number
  #maxUnsettled: number
  readonly #calls: QueueCalls
  readonly #polls: Polls
  readonly #settling: Settling
  readonly #waiting: Waiting | undefined
  readonly #strays: Set<Promise<unknown>>
  readonly #cut: AbortSignal
  readonly #closed: (signal: AbortSignal) => Promise<void>
  readonly #epoch = new Epoch()
  readonly #stop = new AbortController()
  readonly #stock: Stock
  #wake: (() => void) | undefined
  #paused = false
  readonly #failures = new Failures()
  /** Between polls that fail. */
  #resting = false
  #failure: { readonly error: unknown } | undefined
  /** Polls that went well. */
  #polled = 0

  constructor(session: Session, source: SourceRef, url: string, options: ReceiverOptions, shared: Shared) {
    const seconds = Math.max(1, Math.ceil(options.leaseMs / 1_000))
    this.#session = session
    this.#source = source
    this.#leaseMs = seconds * 1_000
    this.#maxUnsettled = options.maxUnsettled
    this.#calls = new QueueCalls(session, url, source.kind === 'dead-letters')
    this.#polls = new Polls(session, url, seconds)
    const orders = 'ordering' in source && source.ordering === 'key'
    this.#stock = new Stock(session, this.#calls, { leaseMs: this.#leaseMs, ordered: orders }, (work) =>
      this.#unawaited(work),
    )
    this.#settling = new Settling(session, this.#calls, source.kind === 'dead-letters', (taken) => {
      this.#stock.settled(taken)
      this.#wake?.()
    })
    this.#waiting = orders ? new Waiting(session, this.#calls) : undefined
    this.#strays = shared.strays
    this.#cut = shared.cut
    this.#closed = shared.closed
    if (source.kind === 'inbox') this.address = source.address ?? ''
  }

  async receive(max: number, { waitMs, signal }: ReceiveOptions): Promise<readonly WireDelivery<Receipt>[]> {
    const { runtime } = this.#session
    const until = runtime.now() + waitMs
    const polledBefore = this.#polled
    for (;;) {
      signal.throwIfAborted()
      const { taken, back } = this.#stock.take(max, this.#maxUnsettled)
      this.#giveBack(back)
      if (taken.length > 0) return taken.map((one) => this.#delivery(one))
      if (this.#failure !== undefined) throw this.#failure.error
      const now = runtime.now()
      // What waits for its key, as much as may, needs no poll beside it.
      const room = Math.min(max, this.#maxUnsettled - this.#stock.size)
      if (now >= until && (this.#polled > polledBefore || room <= 0)) return []
      if (now >= until + PATIENCE_MS && this.#failures.count > 0) throw this.#failures.last
      this.#poll(room, Math.max(0, until - now))
      await this.#change(signal, Math.max(1, until - now))
    }
  }

  async settle(batch: readonly Settlement<Receipt>[], signal: AbortSignal): Promise<readonly SettleOutcome[]> {
    signal.throwIfAborted()
    return this.#settling.settle(batch, signal)
  }

  async extend(receipts: readonly Receipt[], leaseMs: number, signal: AbortSignal): Promise<readonly ExtendOutcome[]> {
    signal.throwIfAborted()
    return this.#settling.extend(receipts, leaseMs, signal)
  }

  async release(
    back: readonly { readonly receipt: Receipt; readonly attempts: number }[],
    signal: AbortSignal,
  ): Promise<readonly SettleOutcome[]> {
    signal.throwIfAborted()
    return this.#settling.release(back, signal)
  }

  onLost(): void {
    // Leases run out by the clock, which core watches; nothing else takes them away.
  }

  async resize(maxUnsettled: number): Promise<void> {
    this.#maxUnsettled = maxUnsettled
  }

  /** What was fetched and not asked for goes back, because nobody renews it. So does what polls still bring. */
  pause(): void {
    this.#paused = true
    this.#giveBack(this.#stock.clear())
  }

  resume(): void {
    this.#paused = false
  }

  /** Polls that still run end by themselves, and what they bring goes back. The connection waits for them. */
  async close(signal: AbortSignal): Promise<void> {
    this.#stop.abort()
    const left = this.#stock.clearAll()
    this.#epoch.end('the receiver was closed')
    this.#fail(unavailable('the receiver is closed', 'receiver'))
    await this.#calls.hide(
      left.map((taken) => [taken, 0] as const),
      signal,
    )
    await this.#closed(signal)
  }

  #poll(room: number, waitMs: number): void {
    if (this.#resting) return
    for (let max = this.#polls.next(room); max > 0; max = this.#polls.next(room)) {
      this.#unawaited(this.#pollOnce(max, waitMs))
    }
  }

  /** What nobody waits for but the connection, when it closes. It must not reject. */
  #unawaited(work: Promise<void>): void {
    const over = () => {
      this.#strays.delete(done)
      this.#wake?.()
    }
    const done = work.then(over, over)
    this.#strays.add(done)
  }

  /** Never rejects: what is wrong is told by `receive`, if it is still wrong then. */
  async #pollOnce(max: number, waitMs: number): Promise<void> {
    const { runtime } = this.#session
    const began = runtime.now()
    try {
      const messages = await this.#polls.poll(max, waitMs, this.#cut)
      this.#failures.over()
      await this.#arrived(messages, began)
      this.#polled += 1
    } catch (error) {
      if (!this.#stop.signal.aborted) await this.#rest(error)
    }
  }

  async #rest(error: unknown): Promise<void> {
    const { runtime } = this.#session
    const restMs = this.#failures.next(error, runtime.random())
    if (restMs === undefined) {
      this.#fail(this.#final(error))
      return
    }
    const { count } = this.#failures
    runtime.log('debug', `anybroker: a poll of ${described(this.#source)} failed`, { error, failures: count })
    this.#resting = true
    // Rejects when the receiver is closed, which ends this.
    await Promise.allSettled([runtime.sleep(restMs, this.#stop.signal)])
    this.#resting = false
  }

  /** An ephemeral queue that is gone is made anew when the receiver is opened again; any other is gone for good. */
  #final(error: unknown): unknown {
    if (describeError(error).code !== 'NOT_FOUND') return error
    const made =
      this.#source.kind === 'inbox' || ('durability' in this.#source && this.#source.durability === 'ephemeral')
    if (made) return unavailable(`${described(this.#source)} is gone`, 'receiver', error)
    return notFound(`receiving from ${described(this.#source)}`, this.#source, error)
  }

  async #arrived(messages: readonly Message[], began: number): Promise<void> {
    const now = this.#session.runtime.now()
    // Hidden since the service picked it, which is at most as long ago as the poll began; of a long wait nobody knows when.
    const from = now - began <= this.#leaseMs / 10 ? began : now
    const all = messages.map((message) => this.#taken(message, from))
    const sorted = this.#waiting?.sort(all)
    const due = sorted?.due ?? all
    if (this.#paused || this.#stop.signal.aborted) {
      await this.#show(due)
    } else {
      this.#stock.add(due)
      this.#wake?.()
    }
    await sorted?.aside
  }

  #taken(from: Message, receivedAt: number): Taken {
    const { message, attempt } = fromMessage(from, this.#source)
    const leaseUntil = receivedAt + this.#leaseMs
    return { from, handle: from.ReceiptHandle ?? '', message, attempt, receivedAt, leaseUntil }
  }

  #delivery(taken: Taken): WireDelivery<Receipt> {
    const sent = Number(taken.from.Attributes?.SentTimestamp)
    return {
      receipt: new EpochReceipt(taken, this.#epoch),
      message: taken.message,
      attempt: taken.attempt,
      redelivered: taken.attempt > 1,
      leaseUntil: taken.leaseUntil,
      ...(Number.isFinite(sent) ? { enqueuedAt: sent } : {}),
      native: taken.from,
    }
  }

  #giveBack(taken: readonly Taken[]): void {
    if (taken.length > 0) this.#unawaited(this.#show(taken))
  }

  /** Visible at once, in order. What fails is visible when its lease ends. */
  async #show(taken: readonly Taken[]): Promise<void> {
    const done = await this.#calls.hide(
      taken.map((one) => [one, 0] as const),
      undefined,
    )
    const failed = done.find(({ as }) => as === 'error')
    if (failed !== undefined)
      this.#session.runtime.log('debug', `anybroker: giving back to ${described(this.#source)} failed`, { ...failed })
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#wake?.()
  }

  /** Resolves when something happened, after a while at the latest where no poll runs that will. */
  async #change(signal: AbortSignal, atMostMs: number): Promise<void> {
    if (this.#failure !== undefined) return
    await new Promise<void>((resolve) => {
      const done = () => {
        cancel?.()
        signal.removeEventListener('abort', done)
        this.#wake = undefined
        resolve()
      }
      const alone = this.#polls.running === 0 && !this.#resting
      const cancel = alone ? this.#session.runtime.timer(atMostMs, done) : undefined
      signal.addEventListener('abort', done, { once: true })
      this.#wake = done
      if (signal.aborted) done()
    })
  }
}

/** What a receiver shares with its connection. */
export interface Shared {
  /** Requests that nobody waits for, and that must end before the clients do. */
  readonly strays: Set<Promise<unknown>>
  /** Aborts when the connection can wait no longer. */
  readonly cut: AbortSignal
  /** What else there is to do when this one is closed. */
  readonly closed: (signal: AbortSignal) => Promise<void>
}
