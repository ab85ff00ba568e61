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
import { acknowledge, modifyDeadline } from './calls.ts'
import { deal } from './deal.ts'
import { describeError, notFound, unavailable } from './errors.ts'
import { Lane } from './lane.ts'
import { LEAST_LEASE_SECONDS } from './limits.ts'
import { described, isOrdered, isOwner } from './names.ts'
import { Renewal } from './renewal.ts'
import type { Beside, Session } from './session.ts'
import { type Back, Settling } from './settle.ts'
import { Stock } from './stock.ts'
import { Stream } from './stream.ts'
import { live, type Receipt, type Taken, toTaken } from './taken.ts'
import type { Received } from './wire.ts'

type ReceiveOptions = Parameters<Receiver['receive']>[1]

/**
 * The first lease, from which core renews to the one that it wants: short, because what was on its way into a stream that died is hidden
 * for so long, and most messages are settled before.
 */
const LEASE_SECONDS = LEAST_LEASE_SECONDS
const LEASE_MS: number = LEASE_SECONDS * 1_000

/** What is ready is pushed at once. */
const EMPTY_AFTER_MS = 1_000

/** What may be fetched and not handed out, in bytes, whatever its number. */
const BUFFER_BYTES = 16 * 1024 * 1024

/** Ordered: fetched beyond the credit, because behind a key that waits, others must still come. */
const ORDERED_WINDOW = 5
const MOST_WINDOW = 1_000

/**
 * The service keeps to the window that a stream asks for, Google's emulator does not: what is beyond the credit for so long goes back, so
 * that other consumers find it, and beyond twice the credit it goes at once. What came more often than that stays, so that what other
 * processes count grows by no more.
 */
const SURPLUS_MS = 100
const SURPLUS_DELIVERIES = 6

/** What has less than that part of its lease left when it is asked for was forgotten, and comes again. */
const STALE = 1 / 3

/** One stream of its own, and one of its lane; a buffer whose bound is the window of the stream. */
export class GooglePubsubReceiver implements Receiver<Receipt>, Beside {
  readonly emptyAfterMs: number = EMPTY_AFTER_MS
  readonly address?: string
  readonly #session: Session
  readonly #source: SourceRef
  readonly #path: string
  readonly #ordered: boolean
  readonly #settling: Settling
  readonly #closed: (signal: AbortSignal) => Promise<void>
  readonly #stock = new Stock<Taken>()
  /** Given back while it closes, with the attempts used up, in order to go back with the rest in one request. */
  readonly #left = new Map<Taken, number>()
  readonly #parked = new Map<Taken, () => void>()
  readonly #lane: Lane | undefined
  /** Of the leases of what nobody has yet: core renews the others. */
  readonly #renewal: Renewal
  #stream: Stream
  #epoch = new Epoch()
  #max: number
  #number = 0
  #paused = false
  #closing = false
  #seeking = false
  #wake: (() => void) | undefined
  #failure: { readonly error: unknown } | undefined
  #lost: ((receipts: readonly Receipt[] | 'all', reason: string) => void) | undefined
  #cancelSurplus: (() => void) | undefined

  constructor(session: Session, source: SourceRef, name: string, options: ReceiverOptions, closed: Closed) {
    this.#session = session
    this.#source = source
    this.#path = session.names.subscriptionPath(name)
    this.#ordered = isOrdered(source)
    this.#max = options.maxUnsettled
    this.#closed = closed
    if (source.kind === 'inbox') this.address = source.address ?? ''
    this.#settling = new Settling(session, source, {
      over: (taken) => this.#over(taken),
      park: (taken, delayMs, attempts) => this.#park(taken, delayMs, attempts),
    })
    this.#renewal = new Renewal(session.runtime, LEASE_MS / 3, () => {
      const all = [...this.#stock.items, ...this.#left.keys(), ...this.#parked.keys()]
      if (all.length > 0) this.#unawaited(this.#settling.renew(all, LEASE_SECONDS, undefined))
      return all.length > 0
    })
    this.#stream = this.#newStream()
    if (isOwner(source)) {
      const lane = new Lane(session, {
        source,
        lane: session.names.lane(source),
        leaseSeconds: LEASE_SECONDS,
        arrived: (received) => this.#arrived(received, lane.path),
        failed: (error) => this.#fail(error),
      })
      this.#lane = lane
    }
    const beside = session.receivers.get(this.#path) ?? new Set()
    session.receivers.set(this.#path, beside.add(this))
    this.#balance()
  }

  async receive(max: number, { waitMs, signal }: ReceiveOptions): Promise<readonly WireDelivery<Receipt>[]> {
    signal.throwIfAborted()
    let taken = this.#take(max)
    if (taken.length === 0 && this.#failure === undefined && waitMs > 0) taken = await this.#wait(max, waitMs, signal)
    if (taken.length > 0) return taken.map((one) => this.#delivery(one))
    signal.throwIfAborted()
    if (this.#failure !== undefined) throw this.#failure.error
    return []
  }

  async settle(batch: readonly Settlement<Receipt>[], signal: AbortSignal): Promise<readonly SettleOutcome[]> {
    signal.throwIfAborted()
    return this.#settling.settle(batch, signal)
  }

  async extend(receipts: readonly Receipt[], leaseMs: number, signal: AbortSignal): Promise<readonly ExtendOutcome[]> {
    signal.throwIfAborted()
    return this.#settling.extend(receipts, leaseMs, signal)
  }

  async release(back: Back, signal: AbortSignal): Promise<readonly SettleOutcome[]> {
    signal.throwIfAborted()
    // Out of turn, what is given back would pass what is still out: all of it goes back when this closes, in order.
    if (this.#ordered && this.#paused) return back.map(({ receipt, attempts }) => this.#leave(receipt, attempts))
    return this.#settling.release(back, signal)
  }

  onLost(listener: (receipts: readonly Receipt[] | 'all', reason: string) => void): void {
    this.#lost = listener
  }

  /** A window is fixed when its stream begins: another stream begins. */
  async resize(maxUnsettled: number): Promise<void> {
    this.#max = maxUnsettled
    const before = this.#stream
    await before.stop()
    if (this.#closing) return
    this.#stream = this.#newStream()
    this.#balance()
  }

  /** Takes nothing more. What nobody has yet goes back, but where that would cost an order. */
  pause(): void {
    this.#paused = true
    this.#balance()
    if (this.#lane !== undefined) this.#unawaited(this.#lane.giveBack(undefined))
    if (!this.#ordered) this.#unawaited(this.#settling.show(this.#stock.remove(ALL), undefined))
  }

  resume(): void {
    this.#paused = false
    this.#balance()
    this.#wake?.()
  }

  /** Cancelling a stream gives nothing back: what is unsettled is given back in one request, in order, and that is awaited. */
  async close(signal: AbortSignal): Promise<void> {
    this.#closing = true
    this.#session.receivers.get(this.#path)?.delete(this)
    try {
      await Promise.all([this.#stream.stop(), this.#lane?.stop(signal)])
      const { out, waiting } = this.#stock.clear()
      const now = this.#session.runtime.now()
      const used = new Map(this.#left)
      // What core has not settled may have been seen.
      for (const taken of out) used.set(taken, taken.attempt)
      for (const taken of [...waiting, ...this.#parked.keys()]) used.set(taken, taken.attempt - 1)
      const left = [...used.keys()]
        .filter(({ leaseUntil }) => leaseUntil > now)
        .toSorted((one, other) => one.number - other.number)
      this.#end('the receiver was closed')
      await this.#settling.show(
        left,
        signal,
        left.map((taken) => used.get(taken) ?? 0),
      )
      await this.#closed(signal)
    } finally {
      this.#end('the receiver was closed')
    }
  }

  async stopForSeek(): Promise<void> {
    this.#seeking = true
    this.#lane?.want(false)
    await this.#stream.idle()
  }

  resumeAfterSeek(moved: boolean): void {
    this.#seeking = false
    if (moved) {
      this.#epoch.end('the subscription was moved to another place')
      this.#epoch = new Epoch()
      this.#stock.clear()
      this.#left.clear()
      for (const cancel of this.#parked.values()) cancel()
      this.#parked.clear()
      this.#lost?.('all', 'the subscription was moved to another place')
    }
    this.#balance()
  }

  #newStream(): Stream {
    const window = this.#ordered ? Math.min(MOST_WINDOW, this.#max * ORDERED_WINDOW) : this.#max
    return new Stream(this.#session, {
      path: this.#path,
      leaseSeconds: LEASE_SECONDS,
      window: { messages: window, bytes: BUFFER_BYTES },
      oneByOne: this.#ordered,
      arrived: (received) => this.#arrived(received, this.#path),
      failed: (error) => this.#fail(error),
    })
  }

  #arrived(received: readonly Received[], path: string): void {
    if (this.#failure !== undefined) {
      // Late: others may have it at once.
      const late = received.map(({ ackId }) => ackId ?? '')
      this.#unawaited(modifyDeadline(this.#session, path, late, 0, undefined))
      return
    }
    const { runtime, discounts } = this.#session
    const leaseUntil = runtime.now() + LEASE_MS
    const taken: Taken[] = []
    const strangers: string[] = []
    for (const from of received) {
      this.#number += 1
      const arrival = { source: this.#source, path, number: this.#number, leaseUntil, discounts }
      const { taken: one, inbox } = toTaken(from, arrival)
      if (this.address !== undefined && inbox !== this.address) strangers.push(one.ackId)
      else taken.push(one)
    }
    // The service's own filter lets only ours through; the emulator has none.
    if (strangers.length > 0) this.#unawaited(acknowledge(this.#session, path, strangers, undefined))
    if (this.#paused && !this.#ordered) {
      this.#unawaited(this.#settling.show(taken, undefined))
      return
    }
    const beside = [...(this.#session.receivers.get(this.#path) ?? [])].filter((one) => !one.stopped)
    if (this.#ordered || beside.length < 2) this.add(taken)
    else deal(taken, beside)
  }

  /** As one of several of this connection that share what their streams bring. */
  add(taken: readonly Taken[]): void {
    this.#stock.add(taken)
    this.#renewal.need()
    this.#wake?.()
    this.#balance()
  }

  load(more: number): number {
    return (this.#stock.size + this.#stock.out + more) / this.#max
  }

  get stopped(): boolean {
    return this.#paused || this.#closing || this.#seeking || this.#failure !== undefined
  }

  /** Streams run while there is room: on an emulator that sends more than was asked for, they end until there is room again. */
  #balance(): void {
    const { stopped } = this
    const total = this.#stock.size + this.#stock.out
    this.#lane?.want(!stopped)
    if (stopped || this.#stock.bytes > BUFFER_BYTES) this.#stream.want(false)
    else if (this.#ordered || (this.#stock.size === 0 && total < this.#max) || total <= this.#max / 2)
      this.#stream.want(true)
    else if (total > this.#max) {
      this.#stream.want(false)
      if (total > 2 * this.#max) this.#returnSurplus(2)
      this.#returnSurplusSometime()
    }
  }

  #returnSurplus(windows: number): void {
    const room = Math.max(0, windows * this.#max - this.#stock.out)
    let kept = 0
    const surplus = this.#stock.remove(({ from }) => {
      kept += 1
      return kept > room && (from.deliveryAttempt ?? 0) <= SURPLUS_DELIVERIES
    })
    if (surplus.length > 0) this.#unawaited(this.#settling.show(surplus, undefined))
  }

  #returnSurplusSometime(): void {
    this.#cancelSurplus ??= this.#session.runtime.timer(SURPLUS_MS, () => {
      this.#cancelSurplus = undefined
      this.#returnSurplus(1)
      this.#balance()
    })
  }

  #take(max: number): readonly Taken[] {
    if (this.#seeking || this.#paused) return []
    const now = this.#session.runtime.now()
    this.#stock.remove(({ leaseUntil }) => leaseUntil - now < LEASE_MS * STALE)
    const taken = this.#stock.take(max, this.#max)
    if (taken.length === 0) this.#balance()
    return taken
  }

  #over(taken: Taken): void {
    if (!this.#stock.over(taken)) return
    if (this.#stock.size > 0) this.#wake?.()
    this.#balance()
  }

  #leave(given: unknown, attempts: number): SettleOutcome {
    const taken = live(given)?.take()
    if (taken === undefined) return { as: 'lost' }
    this.#stock.over(taken)
    this.#left.set(taken, attempts)
    this.#renewal.need()
    return { as: 'ok' }
  }

  /** Nobody else reads this source: what is to come later waits here, its lease renewed. */
  #park(taken: Taken, delayMs: number, attempts: number): void {
    const back = (): void => {
      this.#parked.delete(taken)
      this.add([{ ...taken, attempt: attempts + 1 }])
    }
    this.#parked.set(taken, this.#session.runtime.timer(delayMs, back))
    this.#renewal.need()
  }

  /** What fails here comes back by itself, when its lease ends. */
  #unawaited(work: Promise<unknown>): void {
    work.then(undefined, (error: unknown) => {
      this.#session.runtime.log('debug', `anybroker: giving back to ${described(this.#source)} failed`, { error })
    })
  }

  #fail(error: unknown): void {
    this.#failure ??= { error: this.#final(error) }
    this.#balance()
    this.#wake?.()
  }

  /** An ephemeral subscription that is gone is made anew when the receiver is opened again; any other is gone for good. */
  #final(error: unknown): unknown {
    if (describeError(error).code !== 'NOT_FOUND') return error
    const kept = isOwner(this.#source) || this.#source.kind === 'dead-letters'
    if (kept) return notFound(`receiving from ${described(this.#source)}`, this.#source, error)
    return unavailable(`${described(this.#source)} is gone`, 'receiver', error)
  }

  #end(reason: string): void {
    this.#epoch.end(reason)
    this.#failure ??= { error: unavailable('the receiver is closed', 'receiver') }
    this.#cancelSurplus?.()
    this.#renewal.end()
    for (const cancel of this.#parked.values()) cancel()
    this.#wake?.()
  }

  #delivery(taken: Taken): WireDelivery<Receipt> {
    return {
      receipt: new EpochReceipt(taken, this.#epoch),
      message: taken.message,
      attempt: taken.attempt,
      redelivered: taken.attempt > 1,
      leaseUntil: taken.leaseUntil,
      enqueuedAt: taken.publishedAt,
      native: taken.from,
    }
  }

  #wait(max: number, waitMs: number, signal: AbortSignal): Promise<readonly Taken[]> {
    return new Promise((resolve) => {
      const look = (): void => {
        const taken = signal.aborted ? [] : this.#take(max)
        if (taken.length > 0 || signal.aborted || this.#failure !== undefined) done(taken)
      }
      const done = (taken: readonly Taken[]): void => {
        cancel()
        signal.removeEventListener('abort', look)
        this.#wake = undefined
        resolve(taken)
      }
      const cancel = this.#session.runtime.timer(waitMs, () => done([]))
      signal.addEventListener('abort', look)
      this.#wake = look
    })
  }
}

/** What else there is to do when a receiver is closed. */
export type Closed = (signal: AbortSignal) => Promise<void>

const ALL = (): boolean => true
