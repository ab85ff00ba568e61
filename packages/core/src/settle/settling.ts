import { BrokerError, type Runtime, type Settlement } from '@anybroker/driver'
import { closedError } from '../errors.ts'
import { backoffMs } from '../options/retry-policy.ts'
import type { Attached } from '../receive/attached.ts'
import type { Entry } from '../receive/entry.ts'
import type { Hand } from '../receive/hand.ts'
import type { Verb } from '../receive/open-delivery.ts'
import type { ConsumerSetup, Counts } from '../receive/setup.ts'
import { withDeadline } from '../time/deadline.ts'
import { toldElsewhere } from '../time/deferred.ts'
import { bury, type Death } from './bury.ts'
import type { Pending } from './pending.ts'
import type { Settled } from './settler.ts'
import { Tasks } from './tasks.ts'

/** Between two tries to bury a message, doubling up to a minute. */
const BURY_BACKOFF_MS = 1_000
const BURY_BACKOFF_MAX_MS = 60_000

/**
 * What becomes of a message in hand: acked, again, buried, dropped, given back, lost. Slot and lane are free at the call; each
 * promise follows the broker (D1).
 *
 * Kept here: invariant 1 (acked only when handled, buried with confirmation, or dropped by a stated policy).
 */
export class Settling {
  readonly #setup: ConsumerSetup
  readonly #hand: Hand
  readonly #counts: Counts
  readonly #runtime: Runtime
  readonly #marginMs: number
  /** Burials and give-backs under way: `close` waits for them. */
  readonly #tasks = new Tasks()
  readonly #stop: AbortSignal
  /** Told when something is held: the alarm must ring for it. */
  readonly #onHold: (entry: Entry) => void
  #closing = false
  #ended = false

  constructor(
    setup: ConsumerSetup,
    hand: Hand,
    counts: Counts,
    marginMs: number,
    stop: AbortSignal,
    onHold: (entry: Entry) => void,
  ) {
    this.#setup = setup
    this.#hand = hand
    this.#counts = counts
    this.#runtime = setup.link.runtime
    this.#marginMs = marginMs
    this.#stop = stop
    this.#onHold = onHold
  }

  /** From now on a retry waits at the broker instead of in hand, and a burial that fails is not tried again. */
  startClosing(): void {
    this.#closing = true
  }

  /** From now on nothing can be settled: what comes is `CLOSED`. */
  end(): void {
    this.#ended = true
  }

  pending(): Promise<void> {
    return this.#tasks.idle()
  }

  /** Why a settle would come too late; what our own clock no longer trusts is lost from here on (D6). */
  tooLate(entry: Entry, now: number = this.#runtime.now()): Error | undefined {
    if (entry.state === 'gone')
      return this.#ended ? closedError(`consuming ${this.#setup.name}`) : this.#leaseLost(entry)
    if (entry.leased(now, this.#marginMs)) return undefined
    this.lose([entry], 'the lease ran out')
    return this.#leaseLost(entry)
  }

  ack(entry: Entry, now: number): Pending {
    this.#counts.acked += 1
    return this.dismiss(entry, 'ack', now)
  }

  /** Off the queue: what was handled, and what nobody wants. */
  dismiss(entry: Entry, verb: Verb, now: number = this.#runtime.now()): Pending {
    return this.#finish(entry, verb, { receipt: entry.wire.receipt, as: 'ack' }, now)
  }

  /** A settlement that comes too late to go to the broker. */
  refuse(entry: Entry, verb: Verb, refusal: Error): { readonly promise: Promise<void> } {
    this.tell(entry, verb, refusal)
    const promise = Promise.reject(refusal)
    toldElsewhere(promise)
    return { promise }
  }

  /** The broker's word on one settlement, or our clock's. */
  settled(pending: Pending, settled: Settled): void {
    if (settled.as === 'ok') {
      pending.finish()
      return
    }
    const error = settled.as === 'failed' ? settled.error : this.#leaseLost(pending.entry)
    this.tell(pending.entry, pending.verb, error)
    pending.finish(error)
  }

  /** Counted, with backoff unless told how long; the last attempt ends it. */
  async retry(entry: Entry, delayMs: number | undefined, error: unknown): Promise<void> {
    const { retry } = this.#setup.options
    if (this.#setup.undertaker.as === 'letters') {
      this.keep(entry)
      return
    }
    if (entry.attempt >= retry.maxAttempts) {
      await this.exhaust(entry, 'max-attempts', error)
      return
    }
    this.#counts.retried += 1
    const { maxMs } = this.#setup.link.capabilities.D2
    const wanted = delayMs ?? backoffMs(retry, entry.attempt, this.#runtime.random())
    await this.#again(entry, Math.min(wanted, maxMs), entry.attempt)
  }

  /** Came before its time: away until it is due, uncounted. */
  async putOff(entry: Entry, delayMs: number): Promise<void> {
    await this.#again(entry, Math.min(delayMs, this.#setup.link.capabilities.D2.maxMs), entry.attempt - 1)
  }

  /** Keeps it in hand until the consumer closes, then gives it back as it came. */
  keep(entry: Entry): void {
    this.#hand.stopRunning(entry, 'kept')
    this.#hand.freeLane(entry)
  }

  /** To the tail of its source, uncounted. */
  async toTail(entry: Entry): Promise<void> {
    await this.#retryAtBroker(entry, 0, entry.attempt - 1)
  }

  /** No attempt is left, or none is wanted: dropped by policy, or buried first and acked after (D4). */
  async exhaust(entry: Entry, reason: Death['reason'], error: unknown): Promise<void> {
    const { undertaker, events, name, options } = this.#setup
    const { id } = entry.wire.message
    const byPolicy = options.retry.exhausted === 'drop' && (reason === 'max-attempts' || reason === 'crashed')
    if (undertaker.as !== 'bury' || byPolicy) {
      this.#counts.dropped += 1
      events.emit('dropped', { source: name, id, error, count: this.#counts.dropped })
      await this.dismiss(entry, 'reject').promise
      return
    }
    const attempts = reason === 'crashed' ? entry.attempt - 1 : entry.attempt
    this.#hand.stopRunning(entry, 'leaving')
    this.#hand.freeLane(entry)
    await this.#tasks.run(this.#bury(entry, undertaker, { origin: undertaker.origin, reason, error, attempts }))
  }

  /**
   * Given back at once, in the order given, uncounted: what is told as used up is what was before this hand-out, unless
   * `attempts` says otherwise.
   */
  giveBack(entries: readonly Entry[], attempts?: number): void {
    if (entries.length === 0) return
    const byReceiver = new Map<Attached, { receipt: unknown; attempts: number }[]>()
    this.#hand.together(() => {
      for (const entry of entries) {
        if (entry.state === 'gone') continue
        const list = byReceiver.get(entry.attached) ?? []
        byReceiver.set(entry.attached, list)
        list.push({ receipt: entry.wire.receipt, attempts: attempts ?? entry.attempt - 1 })
        this.#remove(entry, closedError(`consuming ${this.#setup.name}`))
      }
    })
    for (const [attached, back] of byReceiver) {
      if (!attached.dead) toldElsewhere(this.#tasks.run(this.#release(attached, back)))
    }
  }

  /** The broker has taken them back, or our clock says so. What was fetched behind one of them must not pass it. */
  lose(entries: readonly Entry[], reason: string): void {
    if (entries.length === 0) return
    const behind: Entry[] = []
    let count = 0
    this.#hand.together(() => {
      for (const entry of entries) {
        if (entry.state === 'gone') continue
        count += 1
        behind.push(...this.#hand.behind(entry))
        this.#remove(entry, this.#leaseLost(entry))
      }
      this.giveBack(behind)
    })
    if (count === 0) return
    this.#counts.lost += count
    this.#setup.events.emit('lost', { source: this.#setup.name, count, reason })
  }

  /** A settle that nobody may have awaited. */
  tell(entry: Entry, verb: Verb, error: Error): void {
    this.#setup.events.emit('settleFailed', { source: this.#setup.name, id: entry.wire.message.id, verb, error })
  }

  /**
   * Again after a delay, with `attempts` used up. In hand while that is short and at most half the window is held so (D2); an
   * ordered key that blocks is held in hand unless the driver can make it wait; the rest goes to the broker.
   */
  async #again(entry: Entry, delayMs: number, attempts: number): Promise<void> {
    const { D2 } = this.#setup.link.capabilities
    const roomToHold = this.#hand.held < Math.floor(this.#hand.limit / 2)
    const blocks = entry.key !== undefined && this.#setup.options.retry.onRetry === 'block'
    if (this.#closing) await this.#leave(entry, delayMs, attempts)
    else if (blocks && (roomToHold || !D2.block)) this.#holdInHand(entry, delayMs, attempts)
    else if (blocks) await this.#blockAtBroker(entry, delayMs, attempts)
    else if (entry.key === undefined && delayMs <= D2.holdMaxMs && roomToHold)
      this.#holdInHand(entry, delayMs, attempts)
    else await this.#retryAtBroker(entry, delayMs, attempts)
  }

  /** The consumer closes: what is held for its retry waits at the broker, so that it is not early for the next one either. */
  async leaveHeld(entry: Entry): Promise<void> {
    await this.#tasks.run(this.#leave(entry, Math.max(0, entry.dueAt - this.#runtime.now()), entry.attempt - 1))
  }

  /** A key that the broker can't make wait goes back at once: its order counts for more than its delay. */
  async #leave(entry: Entry, delayMs: number, attempts: number): Promise<void> {
    const blocks = entry.key !== undefined && this.#setup.options.retry.onRetry === 'block'
    if (delayMs === 0 || (blocks && !this.#setup.link.capabilities.D2.block)) this.giveBack([entry], attempts)
    else if (blocks) await this.#blockAtBroker(entry, delayMs, attempts)
    else await this.#retryAtBroker(entry, delayMs, attempts)
  }

  #holdInHand(entry: Entry, delayMs: number, attempts: number): void {
    const dueAt = this.#runtime.now() + delayMs
    entry.attempt = attempts + 1
    this.#hand.hold(entry, dueAt)
    entry.attached.receiver.hold?.([{ receipt: entry.wire.receipt, attempts, dueAt }])
    this.#onHold(entry)
  }

  /** The lane stays busy until the broker has it back, and what was fetched behind it follows it there, so that nothing passes. */
  async #blockAtBroker(entry: Entry, delayMs: number, attempts: number): Promise<void> {
    this.#hand.stopRunning(entry, 'leaving')
    try {
      await entry.attached.settler.add(entry, 'retry', {
        receipt: entry.wire.receipt,
        as: 'retry',
        delayMs,
        attempts,
        order: 'block',
      }).promise
    } finally {
      this.giveBack(this.#hand.behind(entry))
      this.#hand.remove(entry)
    }
  }

  #retryAtBroker(entry: Entry, delayMs: number, attempts: number): Promise<void> {
    return this.#finish(entry, 'retry', {
      receipt: entry.wire.receipt,
      as: 'retry',
      delayMs,
      attempts,
      order: 'overtake',
    }).promise
  }

  /** Out of hand at the call. */
  #finish(entry: Entry, verb: Verb, settlement: Settlement, now: number = this.#runtime.now()): Pending {
    this.#hand.remove(entry)
    return entry.attached.settler.add(entry, verb, settlement, now)
  }

  async #bury(entry: Entry, { outbox }: { readonly outbox: Parameters<typeof bury>[0] }, death: Death): Promise<void> {
    const { events, name, sendTimeoutMs, options } = this.#setup
    const { message } = entry.wire
    for (let attempt = 1; ; attempt++) {
      try {
        await bury(outbox, message, death, this.#runtime.wallNow(), sendTimeoutMs)
        break
      } catch (error) {
        events.emit('deadLetterFailed', { source: name, id: message.id, error })
        if (entry.state !== 'leaving') throw this.#leaseLost(entry)
        if (this.#closing) {
          this.giveBack([entry], death.attempts)
          throw error
        }
        const waitMs = Math.min(BURY_BACKOFF_MAX_MS, BURY_BACKOFF_MS * 2 ** (attempt - 1))
        // Ends early when the consumer stops; the next round sees that.
        await Promise.allSettled([this.#runtime.sleep(waitMs, this.#stop)])
      }
    }
    const told = {
      id: message.id,
      origin: death.origin,
      reason: death.reason,
      error: death.error,
      attempts: death.attempts,
    }
    this.#counts.deadLettered += 1
    events.emit('deadLettered', told)
    const hook = options.onDeadLetter
    if (hook !== undefined) events.guard('onDeadLetter', () => hook(told))
    // Lost meanwhile: the copy stands and the message comes back. A duplicate, not a loss.
    if (entry.state !== 'leaving') throw this.#leaseLost(entry)
    await this.dismiss(entry, 'reject').promise
  }

  async #release(attached: Attached, back: readonly { receipt: unknown; attempts: number }[]): Promise<void> {
    const { name, settleTimeoutMs } = this.#setup
    try {
      await withDeadline(this.#runtime, settleTimeoutMs, undefined, (signal) => attached.receiver.release(back, signal))
    } catch (error) {
      // They return by themselves, when their lease or session ends.
      this.#runtime.log('warn', `anybroker: giving back ${back.length} messages of ${name} failed`, { error })
    }
  }

  #remove(entry: Entry, why: Error): void {
    const { delivery } = entry
    this.#hand.remove(entry)
    delivery?.end(why)
  }

  #leaseLost(entry: Entry): BrokerError {
    return new BrokerError(
      'LEASE_LOST',
      `message ${entry.wire.message.id} of ${this.#setup.name} is no longer ours to settle`,
    )
  }
}
