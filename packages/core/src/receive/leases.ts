import { BrokerError, type Runtime } from '@anybroker/driver'
import type { Settling } from '../settle/settling.ts'
import { Alarm } from '../time/alarm.ts'
import { withDeadline } from '../time/deadline.ts'
import { toldElsewhere } from '../time/deferred.ts'
import type { Attached } from './attached.ts'
import type { Entry } from './entry.ts'
import type { Hand } from './hand.ts'
import type { ConsumerSetup } from './setup.ts'

/** We stop trusting a lease that long before its end, because a settle takes time too (D6): a tenth of it, at most a second. */
export function leaseMarginMs(leaseMs: number): number {
  return Math.min(1_000, leaseMs / 10)
}

/** The part of a lease that may pass before it is renewed: a renewal that fails can be tried twice more. */
const RENEW_AFTER = 1 / 3

/**
 * Everything in hand that falls due, on one alarm: retries to hand out again, handlers that take too long, leases to renew from
 * the moment of receipt on (not of the handler's start), leases that ran out.
 */
export class Leases {
  readonly #setup: ConsumerSetup
  readonly #hand: Hand
  readonly #settling: () => Settling
  readonly #runtime: Runtime
  readonly #marginMs: number
  readonly #alarm: Alarm
  readonly #wake: () => void

  constructor(setup: ConsumerSetup, hand: Hand, settling: () => Settling, wake: () => void) {
    this.#setup = setup
    this.#hand = hand
    this.#settling = settling
    this.#runtime = setup.link.runtime
    this.#marginMs = leaseMarginMs(setup.options.leaseMs)
    this.#alarm = new Alarm(this.#runtime, () => this.#tick())
    this.#wake = wake
  }

  /** A message was received. */
  watch({ leaseUntil, attached }: Entry, now: number): void {
    if (leaseUntil === undefined) return
    attached.nextRenewal = Math.min(attached.nextRenewal, now + (leaseUntil - now) * RENEW_AFTER)
    this.#alarm.setFor(Math.min(leaseUntil - this.#marginMs, attached.nextRenewal))
  }

  started(entry: Entry): void {
    this.#alarm.setFor(entry.since + this.#setup.options.maxHandlerMs)
  }

  held(entry: Entry): void {
    this.#alarm.setFor(entry.dueAt)
  }

  stop(): void {
    this.#alarm.stop()
  }

  #tick(): void {
    const now = this.#runtime.now()
    const lost: Entry[] = []
    const leased = new Map<Attached, Entry[]>()
    let next = Infinity
    for (const entry of this.#hand.all()) {
      next = Math.min(next, this.#look(entry, now))
      if (entry.leaseUntil === undefined || entry.state === 'gone') continue
      if (!entry.leased(now, this.#marginMs)) lost.push(entry)
      else {
        next = Math.min(next, entry.leaseUntil - this.#marginMs)
        const list = leased.get(entry.attached)
        if (list === undefined) leased.set(entry.attached, [entry])
        else list.push(entry)
      }
    }
    this.#settling().lose(lost, 'the lease ran out')
    for (const [attached, entries] of leased) {
      if (attached.nextRenewal <= now) this.#renew(attached, entries, now)
      next = Math.min(next, attached.nextRenewal)
    }
    if (next < Infinity) this.#alarm.setFor(next)
    this.#wake()
  }

  /** Does what is due for one message and returns when the next thing is. */
  #look(entry: Entry, now: number): number {
    if (entry.state === 'held') {
      if (entry.dueAt > now) return entry.dueAt
      this.#hand.due(entry)
    } else if (entry.state === 'running') {
      const until = entry.since + this.#setup.options.maxHandlerMs
      if (until > now) return until
      this.#overtime(entry)
    }
    return Infinity
  }

  /** The signal aborts, the lease ends, the attempt counts. */
  #overtime(entry: Entry): void {
    const { name, options } = this.#setup
    const error = new BrokerError(
      'TIMEOUT',
      `the handler of message ${entry.wire.message.id} of ${name} took more than ${options.maxHandlerMs} ms`,
    )
    entry.delivery?.end(new BrokerError('LEASE_LOST', error.message, { cause: error }))
    entry.delivery = undefined
    toldElsewhere(this.#settling().retry(entry, undefined, error))
  }

  #renew(attached: Attached, entries: readonly Entry[], now: number): void {
    const { receiver } = attached
    const { leaseMs } = this.#setup.options
    attached.nextRenewal = now + leaseMs * RENEW_AFTER
    if (attached.renewal !== undefined || receiver.extend === undefined) return
    const receipts = entries.map((entry) => entry.wire.receipt)
    const renewal = withDeadline(this.#runtime, leaseMs * RENEW_AFTER, undefined, async (signal) =>
      receiver.extend?.(receipts, leaseMs, signal),
    )
    attached.renewal = renewal.then(
      (outcomes) => {
        attached.renewal = undefined
        const lost: Entry[] = []
        entries.forEach((entry, index) => {
          const outcome = outcomes?.[index]
          if (outcome?.as === 'lost') lost.push(entry)
          if (outcome?.as !== 'ok') return
          entry.leaseUntil = outcome.leaseUntil
          this.watch(entry, this.#runtime.now())
        })
        this.#settling().lose(lost, 'the broker says that the lease is lost')
      },
      (error: unknown) => {
        attached.renewal = undefined
        // The next round tries again; our own clock ends what is not renewed in time.
        this.#runtime.log('warn', `anybroker: renewing the leases of ${this.#setup.name} failed`, { error })
      },
    )
  }
}
