import { BrokerError, matches } from '@anybroker/driver'
import type { WorkerStats } from '../api/consume.ts'
import { BodyError } from '../codec/body.ts'
import { closedError } from '../errors.ts'
import { checkedConcurrency, checkedMaxUnsettled } from '../options/consume-options.ts'
import { Settling } from '../settle/settling.ts'
import { withDeadline } from '../time/deadline.ts'
import { deferred, toldElsewhere, type Deferred } from '../time/deferred.ts'
import type { Entry } from './entry.ts'
import { Hand } from './hand.ts'
import { Intake } from './intake.ts'
import { leaseMarginMs, Leases } from './leases.ts'
import { OpenDelivery, type DeliveryHost, type Settle, type SettleOptions, type Verb } from './open-delivery.ts'
import type { ConsumerSetup, Counts } from './setup.ts'

/** `close` of a consumer ends at most that long after the drain; its steps share it. The broker's own close has 5 s (C1). */
const CLOSE_MS = 3_000

/**
 * One consumer: the intake fills the hand, a runner (handler, batch, loop) asks for messages with `next` and opens them, settling
 * empties it. Kept here: invariant 11 (nothing that does not fit reaches a handler, nothing that a handler throws reaches a
 * driver) and 12 (closed means no timer and no callback).
 */
export class Consumer implements DeliveryHost {
  readonly settling: Settling
  readonly #setup: ConsumerSetup
  readonly #hand: Hand
  readonly #intake: Intake
  readonly #leases: Leases
  readonly #done: Deferred<void> = deferred()
  readonly #counts: Counts = { acked: 0, retried: 0, deadLettered: 0, dropped: 0, expired: 0, lost: 0 }
  #wakeRunner: () => void = () => undefined
  #concurrency: number
  #closing: Promise<void> | undefined
  #failure: BrokerError | undefined

  constructor(setup: ConsumerSetup) {
    const { concurrency, maxUnsettled, leaseMs } = setup.options
    this.#setup = setup
    this.#concurrency = concurrency
    const wake = () => {
      this.#intake.roomMade()
      this.#wakeRunner()
    }
    this.#hand = new Hand(maxUnsettled, wake)
    this.#leases = new Leases(setup, this.#hand, () => this.settling, wake)
    this.#intake = new Intake(setup, this.#hand, {
      settling: () => this.settling,
      arrived: (entry, now) => this.#leases.watch(entry, now),
      wake,
      failed: (error) => this.#fail(error),
    })
    const held = (entry: Entry) => this.#leases.held(entry)
    this.settling = new Settling(setup, this.#hand, this.#counts, leaseMarginMs(leaseMs), this.#intake.stopped, held)
    toldElsewhere(this.#done.promise)
  }

  get done(): Promise<void> {
    return this.#done.promise
  }

  get name(): string {
    return this.#setup.name
  }

  get concurrency(): number {
    return this.#concurrency
  }

  get running(): number {
    return this.#hand.running
  }

  /** In hand until it closes: letters that a loop wants to keep. */
  get kept(): number {
    return this.#hand.kept
  }

  /** What the broker calls the place that it receives from: inboxes only. */
  get address(): string | undefined {
    return this.#intake.attached?.receiver.address
  }

  /** Nothing is left to take and nothing is out: what a loop `untilEmpty` ends at. */
  get empty(): boolean {
    return this.#intake.empty
  }

  /** Takes nothing more: closed, failed, or at the end of its loop. */
  get stopped(): boolean {
    return this.#intake.stopped.aborted
  }

  /** Why it failed for good. */
  get failure(): BrokerError | undefined {
    return this.#failure
  }

  get stats(): WorkerStats {
    return { running: this.#hand.running, unsettled: this.#hand.count, ...this.#counts }
  }

  get drainMs(): number {
    return this.#setup.options.drainMs
  }

  /** Resolves when it takes. `wake` is called whenever `next` may have something, or the end has come. */
  async start(wake: () => void, signal: AbortSignal | undefined): Promise<void> {
    this.#wakeRunner = wake
    await this.#intake.start(signal)
  }

  askEmpty(): void {
    this.#intake.askEmpty()
  }

  /** The next that may run, running from now on. What is expired, early, unwanted or spent never comes out. */
  next(): Entry | undefined {
    if (this.#closing !== undefined) return undefined
    for (;;) {
      const entry = this.#hand.take(this.#brokerKnows)
      if (this.#hand.ready === 0) this.#intake.roomMade()
      if (entry === undefined) return undefined
      const now = this.#setup.link.runtime.now()
      if (this.#disposed(entry, now)) continue
      entry.since = now
      this.#leases.started(entry)
      entry.attached.receiver.started?.([{ receipt: entry.wire.receipt, attempts: entry.attempt }])
      return entry
    }
  }

  /**
   * Decodes it into what the application sees; undefined where that fails and it is on its way to the dead letters (D8). A promise
   * only where the schema is asynchronous.
   */
  open(entry: Entry): OpenDelivery | undefined | Promise<OpenDelivery | undefined> {
    let body: unknown
    try {
      body = this.#setup.body.decode(entry.wire.message.body)
    } catch (error) {
      return this.#undecoded(entry, error)
    }
    if (!(body instanceof Promise)) return this.#decoded(entry, body)
    return body.then(
      (decoded: unknown) => this.#decoded(entry, decoded),
      (error: unknown) => this.#undecoded(entry, error),
    )
  }

  #decoded(entry: Entry, body: unknown): OpenDelivery | undefined {
    if (entry.state !== 'running') return undefined
    entry.delivery = new OpenDelivery(entry, this, body)
    return entry.delivery
  }

  #undecoded(entry: Entry, error: unknown): OpenDelivery | undefined {
    if (this.#setup.undertaker.as === 'letters') return this.#decoded(entry, undefined)
    const reason = error instanceof BodyError ? error.reason : 'undecodable'
    if (entry.state === 'running') toldElsewhere(this.settling.exhaust(entry, reason, error))
    return undefined
  }

  /** A handler resolved: ack what it did not settle. */
  succeeded(delivery: OpenDelivery): void {
    delivery.autoAck()
  }

  /** A handler threw: retry by policy, or give back where it threw because of `close`. */
  threw(delivery: OpenDelivery, entry: Entry, error: unknown): void {
    if (delivery.verb !== undefined) {
      this.#setup.events.emit('thrownAfterSettle', { source: this.#setup.name, id: delivery.id, error })
      return
    }
    if (delivery.settled) return
    if (this.settling.tooLate(entry) !== undefined) return
    if (delivery.interrupted) {
      this.settling.giveBack([entry])
      return
    }
    delivery.end(new BrokerError('CONFLICT', `message ${delivery.id}: its handler threw, so it was retried`))
    const again = this.#setup.undertaker.as === 'letters' || this.#wantsRetry(error, entry)
    toldElsewhere(
      again ? this.settling.retry(entry, undefined, error) : this.settling.exhaust(entry, 'rejected', error),
    )
  }

  settle(entry: Entry, verb: Verb, { delayMs, reason }: SettleOptions): Settle {
    const now = this.#setup.link.runtime.now()
    const refusal = this.settling.tooLate(entry, now)
    if (refusal !== undefined) return this.settling.refuse(entry, verb, refusal)
    if (verb === 'ack') return this.settling.ack(entry, now)
    if (verb === 'retry') return told(this.settling.retry(entry, delayMs, undefined))
    return this.#setup.undertaker.as === 'letters'
      ? this.settling.dismiss(entry, verb)
      : told(this.settling.exhaust(entry, 'rejected', reason))
  }

  assertDelay(delayMs: number): void {
    const { capabilities, driver } = this.#setup.link
    const { maxMs } = capabilities.D2
    if (delayMs <= maxMs) return
    throw new BrokerError(
      'UNSUPPORTED',
      `retry of a message of ${this.#setup.name}: a delay of ${delayMs} ms is not supported on ${driver.name} (D2): at most ${maxMs} ms`,
      { clause: 'D2' },
    )
  }

  settleFailed(entry: Entry, verb: Verb, error: Error): void {
    this.settling.tell(entry, verb, error)
  }

  get reply(): DeliveryHost['reply'] {
    return this.#setup.reply
  }

  async resize(concurrency: unknown, maxUnsettled: unknown): Promise<void> {
    const what = `resizing the consumer of ${this.#setup.name}`
    const handlers =
      concurrency === undefined ? this.#concurrency : checkedConcurrency(`${what}: concurrency`, concurrency)
    const limit = checkedMaxUnsettled(`${what}: maxUnsettled`, maxUnsettled, handlers)
    if (this.stopped) throw closedError(`the consumer of ${this.#setup.name}`)
    this.#concurrency = handlers
    this.#hand.limit = limit
    await this.#intake.resize()
    this.#wakeRunner()
  }

  pause(): void {
    this.#intake.pause()
  }

  resume(): void {
    this.#intake.resume()
  }

  /** Takes nothing more from here on; what waits goes back. What runs, or is held, stays: the end of a loop. */
  stopTaking(): void {
    this.#intake.stop()
    this.settling.giveBack(this.#hand.all('waiting'))
  }

  /** Stops taking, waits for `idle` (the handlers) up to `drainMs`, gives back the rest. Ends at most 3 s after that. */
  close(drainMs: number, idle: () => Promise<void>): Promise<void> {
    this.#closing ??= this.#close(drainMs, idle)
    return this.#closing
  }

  async #close(drainMs: number, idle: () => Promise<void>): Promise<void> {
    const { runtime } = this.#setup.link
    this.settling.startClosing()
    this.stopTaking()
    this.settling.giveBack(this.#hand.all('kept'))
    for (const entry of this.#hand.all('held')) toldElsewhere(this.settling.leaveHeld(entry))
    if (drainMs > 0) await inTime(withDeadline(runtime, drainMs, undefined, idle))
    const deadline = runtime.now() + CLOSE_MS
    const left = (share: number) => Math.max(1, (deadline - runtime.now()) * share)
    await this.#interrupt(left(0.2), idle)
    await inTime(withDeadline(runtime, left(0.5), undefined, () => this.settling.pending()))
    const { attached } = this.#intake
    if (attached !== undefined && !attached.dead)
      await inTime(withDeadline(runtime, left(0.5), undefined, () => attached.settler.flushed()))
    this.settling.end()
    this.settling.giveBack(this.#hand.all())
    await this.#intake.close(left(0.8))
    this.#leases.stop()
    if (this.#failure === undefined) this.#done.resolve()
  }

  /** The drain is over: the signals abort, and what does not end by that goes back (see the table of defaults). */
  async #interrupt(graceMs: number, idle: () => Promise<void>): Promise<void> {
    const overdue = this.#hand.all('running')
    if (overdue.length === 0) return
    const closed = closedError(`consuming ${this.#setup.name}`)
    for (const entry of overdue) entry.delivery?.interrupt(closed)
    await inTime(withDeadline(this.#setup.link.runtime, graceMs, undefined, idle))
    const running = overdue.filter((entry) => entry.state === 'running')
    this.settling.giveBack(running)
  }

  #fail(error: BrokerError): void {
    this.#failure = error
    this.settling.end()
    this.#leases.stop()
    this.#setup.events.emit('failed', { source: this.#setup.name, error })
    this.#done.reject(error)
    this.#wakeRunner()
  }

  /** Settles what no handler may see. */
  #disposed(entry: Entry, now: number): boolean {
    const { message } = entry.wire
    const { undertaker, events, name, filter, options } = this.#setup
    if (this.settling.tooLate(entry, now) !== undefined) return true
    if (undertaker.as === 'letters') return false
    const { expiresAt, deliverAt } = message
    // Most messages have neither, and a clock costs more than all the rest here.
    const wallNow = expiresAt === undefined && deliverAt === undefined ? 0 : this.#setup.link.runtime.wallNow()
    if (expiresAt !== undefined && expiresAt <= wallNow) {
      this.#counts.expired += 1
      events.emit('expired', { source: name, id: message.id })
      this.settling.dismiss(entry, 'ack')
      return true
    }
    if (deliverAt !== undefined && deliverAt > wallNow) {
      toldElsewhere(this.settling.putOff(entry, deliverAt - wallNow))
      return true
    }
    if (filter !== undefined && !matches(filter, message.headers)) {
      this.settling.dismiss(entry, 'ack')
      return true
    }
    if (entry.spared || entry.attempt <= options.retry.maxAttempts + this.#slack) return false
    // They were counted with it, and by it: each has its turn before it is judged.
    for (const beside of this.#hand.all('waiting')) beside.spared = beside.suspect
    toldElsewhere(
      this.settling.exhaust(entry, 'crashed', new Error(`handed out ${entry.attempt - 1} times and never settled`)),
    )
    return true
  }

  /** With attempts as a ceiling, some may have been takes that no handler saw: how many is stated, and more is a crash loop (D4). */
  get #slack(): number {
    const { attempt, slack } = this.#setup.link.capabilities.D3
    return attempt === 'ceiling' ? (slack ?? 0) : 0
  }

  /** Whether no settlement is on its way; wakes the runner when that is so. */
  readonly #brokerKnows = (): boolean => {
    const settler = this.#intake.attached?.settler
    if (settler === undefined || settler.idle) return true
    toldElsewhere(settler.flushed().then(() => this.#wakeRunner()))
    return false
  }

  #wantsRetry(error: unknown, entry: Entry): boolean {
    const { retryIf } = this.#setup.options.retry
    let again = true
    // A filter that throws has not refused.
    if (retryIf !== undefined) {
      this.#setup.events.guard('retryIf', () => {
        again = retryIf(error, entry.attempt)
      })
    }
    return again
  }
}

function told(promise: Promise<void>): Settle {
  toldElsewhere(promise)
  return { promise }
}

/** Waits for a step of `close` whose own failure is told elsewhere; its deadline is what matters. */
async function inTime(step: Promise<unknown>): Promise<void> {
  await Promise.allSettled([step])
}
