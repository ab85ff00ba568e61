import type { BrokerError, Receiver, WireDelivery } from '@anybroker/driver'
import { described, isFinal, wrapped } from '../errors.ts'
import type { Live } from '../link/link.ts'
import type { Settling } from '../settle/settling.ts'
import { fullJitter } from '../time/backoff.ts'
import { withDeadline } from '../time/deadline.ts'
import { deferred, toldElsewhere, type Deferred } from '../time/deferred.ts'
import { Attached } from './attached.ts'
import { Entry } from './entry.ts'
import type { Hand } from './hand.ts'
import { leaseMarginMs } from './leases.ts'
import { PORTABLE_BODY_BYTES } from '../send/compose.ts'
import type { ConsumerSetup } from './setup.ts'

/** How long one `receive` of the driver may wait for a first message, and how much longer before the driver counts as stuck. */
const WAIT_MS = 20_000
const WATCHDOG_MS = 30_000

/** A receiver that closes slower than that is left to its connection. */
const CLOSE_RECEIVER_MS = 3_000

/** While less than half the window is free the driver is asked that much later: for all that is settled meanwhile in one request. */
const MORE_ROOM_MS = 10

/** What was fetched beside a suspect may still be on its way from a broker that pushes: it is waited for, so long at most (D4). */
const GATHER_MS = 500

/** A loop that waits for the end asks that often whether something came back, while messages are out. */
const ASK_AGAIN_MS = 1_000

export interface IntakeHost {
  readonly settling: () => Settling
  /** Each message as it comes, then once for the batch. */
  readonly arrived: (entry: Entry, now: number) => void
  readonly wake: () => void
  readonly failed: (error: BrokerError) => void
}

/**
 * Takes from the driver into the hand, never more than there is room for (B1); opens another receiver when one died (C4). What
 * cannot be mended ends it for good.
 */
export class Intake {
  readonly #setup: ConsumerSetup
  readonly #hand: Hand
  readonly #host: IntakeHost
  readonly #stop = new AbortController()
  #attached: Attached | undefined
  #pause: AbortController | undefined
  #paused = false
  #room: Deferred<void> | undefined
  #askEmpty = false
  /** While a suspect is in hand: until when others are taken in beside it, on `runtime.now()`'s scale. */
  #gatherUntil: number | undefined
  /** What the next message may take; at first the largest portable one. */
  #guessedBytes = PORTABLE_BODY_BYTES
  #nothingLeft = false

  constructor(setup: ConsumerSetup, hand: Hand, host: IntakeHost) {
    this.#setup = setup
    this.#hand = hand
    this.#host = host
  }

  get attached(): Attached | undefined {
    return this.#attached
  }

  get stopped(): AbortSignal {
    return this.#stop.signal
  }

  /** The source had nothing more when last asked, and nothing is in hand but what is kept; or all that may be in hand is kept. */
  get empty(): boolean {
    return this.#hand.count === this.#hand.kept && (this.#nothingLeft || this.#hand.count >= this.#hand.limit)
  }

  /** Resolves when the receiver is open. Rejects with what is wrong. */
  async start(signal: AbortSignal | undefined): Promise<void> {
    const { link, name, openTimeoutMs } = this.#setup
    await link.run(`consuming ${name}`, { timeoutMs: openTimeoutMs, signal }, async (_connection, inner) => {
      const live = await link.live(inner)
      const receiver = await this.#open(live, inner)
      if (inner.aborted) this.#abandon(receiver)
      else this.#attach(receiver, live)
    })
    toldElsewhere(this.#run())
  }

  /** From now on the source is asked whether it is empty: see `empty`. */
  askEmpty(): void {
    this.#askEmpty = true
  }

  pause(): void {
    if (this.#paused) return
    this.#paused = true
    this.#attached?.receiver.pause()
    this.#pause?.abort(PAUSED)
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#attached?.receiver.resume()
    this.roomMade()
  }

  /** The hand's limit changed. */
  async resize(): Promise<void> {
    await this.#attached?.receiver.resize(this.#hand.limit)
    this.roomMade()
  }

  /** Something was settled, taken or changed: asks again if that is worth it by now. */
  roomMade(): void {
    if (this.#room === undefined) return
    if (this.#stop.signal.aborted || (!this.#paused && this.#isWorthAsking())) this.#room.resolve()
  }

  /** Takes nothing more; what is in hand stays, and its leases with it. Paused first: what is given back must not return here. */
  stop(): void {
    if (!this.#stop.signal.aborted && this.#attached?.dead === false) this.#attached.receiver.pause()
    this.#stop.abort(STOPPED)
    this.roomMade()
  }

  /** After `stop`: closes the receiver. Nothing can be settled after. */
  async close(timeoutMs: number): Promise<void> {
    const attached = this.#attached
    if (attached === undefined || attached.dead) return
    attached.end()
    await this.#closeReceiver(attached.receiver, timeoutMs)
  }

  async #run(): Promise<void> {
    const { link } = this.#setup
    for (let failures = 0; !this.#stop.signal.aborted;) {
      try {
        if (this.#attached === undefined || this.#attached.dead) await this.#reattach()
        failures = 0
        await this.#take()
      } catch (error) {
        if (this.#stop.signal.aborted) return
        this.#detach('the receiver died')
        if (isFinal(described(link.driver, error)) || link.closed) {
          this.#stop.abort(error)
          this.#host.failed(wrapped(`consuming ${this.#setup.name}`, error, link.driver))
          return
        }
        failures += 1
        link.runtime.log('debug', `anybroker: the receiver of ${this.#setup.name} died`, { error, failures })
        // Rejects only when stopped, which ends the loop.
        await Promise.allSettled([link.runtime.sleep(fullJitter(link.runtime, failures), this.#stop.signal)])
      }
    }
  }

  async #open(live: Live, signal: AbortSignal): Promise<Receiver> {
    const { source, options, beforeAttach } = this.#setup
    await beforeAttach?.(live.connection, signal)
    return live.connection.openReceiver(source, { maxUnsettled: this.#hand.limit, leaseMs: options.leaseMs }, signal)
  }

  async #reattach(): Promise<void> {
    const { link, openTimeoutMs } = this.#setup
    const live = await link.live(this.#stop.signal)
    const signal = AbortSignal.any([live.down, this.#stop.signal])
    const late = (receiver: Receiver) => this.#abandon(receiver)
    this.#attach(
      await withDeadline(link.runtime, openTimeoutMs, signal, (inner) => this.#open(live, inner), late),
      live,
    )
  }

  #attach(receiver: Receiver, live: Live): void {
    const { link, name, settleTimeoutMs, options } = this.#setup
    const attached = new Attached(live, {
      link,
      receiver,
      name,
      timeoutMs: settleTimeoutMs,
      marginMs: leaseMarginMs(options.leaseMs),
      settled: (pending, settled) => this.#host.settling().settled(pending, settled),
    })
    this.#attached = attached
    receiver.onLost((receipts, reason) => {
      const inHand = this.#hand.of(attached)
      const gone = receipts === 'all' ? inHand : byReceipt(inHand, receipts)
      this.#host.settling().lose(gone, reason)
      this.#host.wake()
    })
    // Also after `stop`: what is still in hand is lost with the connection, and must know it.
    attached.watch(() => this.#detach('the connection is gone'))
    if (this.#paused) receiver.pause()
  }

  #detach(reason: string): void {
    const attached = this.#attached
    if (attached === undefined || attached.dead) return
    attached.end()
    this.#host.settling().lose(this.#hand.of(attached), reason)
    this.#abandon(attached.receiver)
    this.#host.wake()
  }

  #abandon(receiver: Receiver): void {
    toldElsewhere(this.#closeReceiver(receiver, CLOSE_RECEIVER_MS))
  }

  async #closeReceiver(receiver: Receiver, timeoutMs: number): Promise<void> {
    const { link, name } = this.#setup
    try {
      await withDeadline(link.runtime, timeoutMs, undefined, (signal) => receiver.close(signal))
    } catch (error) {
      link.runtime.log('debug', `anybroker: closing the receiver of ${name} failed`, { error })
    }
  }

  /** Until stopped, or until the receiver dies. */
  async #take(): Promise<void> {
    const attached = this.#attached
    if (attached === undefined) return
    const { runtime } = this.#setup.link
    const { receiver, live } = attached
    const late = (batch: readonly WireDelivery[]) => {
      this.#accept(attached, batch)
      if (this.#stop.signal.aborted) this.#host.settling().giveBack(this.#hand.all('waiting'))
    }
    let signal: AbortSignal | undefined
    while (!this.#stop.signal.aborted) {
      live.down.throwIfAborted()
      let room = this.#roomFor()
      const gatherMs = this.#gatherMs(receiver)
      if (gatherMs !== undefined && (gatherMs <= 0 || room <= 0 || this.#paused)) this.#gathered()
      if (this.#paused || room <= 0 || this.#hand.gathered) {
        await this.#waitForRoom(live.down)
        continue
      }
      if (gatherMs === undefined && !this.#isWorthAsking()) {
        await this.#waitForRoom(live.down, MORE_ROOM_MS)
        room = this.#roomFor()
        if (this.#paused || room <= 0) continue
      }
      if (signal === undefined || signal.aborted) {
        this.#pause = new AbortController()
        signal = AbortSignal.any([this.#pause.signal, this.#stop.signal, live.down])
      }
      const waitMs = gatherMs ?? (this.#askEmpty ? (receiver.emptyAfterMs ?? ASK_AGAIN_MS) : WAIT_MS)
      try {
        const batch = await withDeadline(
          runtime,
          waitMs + WATCHDOG_MS,
          signal,
          (inner) => receiver.receive(room, { waitMs, signal: inner }),
          late,
        )
        this.#nothingLeft = batch.length === 0
        this.#accept(attached, batch)
      } catch (error) {
        if (error !== PAUSED) throw error
      }
      if (this.#askEmpty && this.#nothingLeft && gatherMs === undefined)
        await this.#waitForRoom(live.down, ASK_AGAIN_MS)
    }
  }

  /** How many more may come: by count, and by bytes as far as sizes can be guessed from what came before. */
  #roomFor(): number {
    const left = this.#setup.options.maxBytes - this.#hand.bytes
    if (left <= 0) return 0
    return Math.min(this.#hand.limit - this.#hand.count, Math.max(1, Math.floor(left / this.#guessedBytes)))
  }

  /**
   * A request for each message that was settled would cost more than the message. So the driver is asked when half the window is
   * free, or nothing that is here could run, or `MORE_ROOM_MS` have passed.
   */
  #isWorthAsking(): boolean {
    const { ready, count, limit } = this.#hand
    return (ready === 0 || count * 2 <= limit) && this.#roomFor() > 0
  }

  /** How much longer others are taken in beside a suspect; undefined where there is none. */
  #gatherMs({ emptyAfterMs = 0 }: Receiver): number | undefined {
    if (this.#hand.suspected === 0) {
      this.#gatherUntil = undefined
      return undefined
    }
    const now = this.#setup.link.runtime.now()
    this.#gatherUntil ??= now + Math.min(emptyAfterMs, GATHER_MS)
    return this.#gatherUntil - now
  }

  #gathered(): void {
    if (this.#hand.gathered) return
    this.#hand.gathered = true
    this.#host.wake()
  }

  /** Only a ceiling leaves doubt: elsewhere what has no attempts left is dead. */
  #isSuspect({ attempt }: Entry): boolean {
    const { link, undertaker, options } = this.#setup
    return (
      link.capabilities.D3.attempt === 'ceiling' && undertaker.as !== 'letters' && attempt > options.retry.maxAttempts
    )
  }

  #accept(attached: Attached, batch: readonly WireDelivery[]): void {
    if (batch.length > 0 && !attached.dead) {
      const now = this.#setup.link.runtime.now()
      // Falls by half at most, so that one batch of small ones does not open the door to a window of large ones.
      this.#guessedBytes /= 2
      for (const wire of batch) {
        const entry = new Entry(wire, attached, this.#setup.ordered)
        entry.suspect = this.#isSuspect(entry)
        this.#guessedBytes = Math.max(this.#guessedBytes, entry.bytes)
        this.#hand.add(entry)
        this.#host.arrived(entry, now)
      }
    }
    this.#host.wake()
  }

  async #waitForRoom(down: AbortSignal, atMostMs?: number): Promise<void> {
    const room = deferred<void>()
    this.#room = room
    const wake = () => room.resolve()
    down.addEventListener('abort', wake, { once: true })
    const cancel = atMostMs === undefined ? undefined : this.#setup.link.runtime.timer(atMostMs, wake)
    if (down.aborted || this.#stop.signal.aborted) wake()
    await room.promise
    this.#room = undefined
    cancel?.()
    down.removeEventListener('abort', wake)
  }
}

function byReceipt(entries: readonly Entry[], receipts: readonly unknown[]): Entry[] {
  const known = new Map(entries.map((entry) => [entry.wire.receipt, entry]))
  return receipts.map((receipt) => known.get(receipt)).filter((entry) => entry !== undefined)
}

const PAUSED = new Error('paused')
const STOPPED = new Error('stopped')
