import {
  BrokerError,
  messageBytes,
  type Outcome,
  type Ref,
  type Runtime,
  type Sender,
  type WireMessage,
} from '@anybroker/driver'
import type { Sent } from '../api/message.ts'
import { closedError, described, isFinal, wrapped } from '../errors.ts'
import type { Link, Live } from '../link/link.ts'
import { Linked } from '../linked.ts'
import { shownError } from '../redact.ts'
import { Alarm } from '../time/alarm.ts'
import { fullJitter } from '../time/backoff.ts'
import { withDeadline } from '../time/deadline.ts'
import { deferred, toldElsewhere, type Deferred } from '../time/deferred.ts'
import { outcomeOf, type Item } from './item.ts'
import { Sequence } from './sequence.ts'
import { Window } from './window.ts'

export interface OutboxOptions {
  readonly maxMessages: number
  readonly maxBytes: number
  /** Provisions the target; called before a sender is opened. */
  readonly prepare: () => Promise<void>
}

export interface SubmitOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Called when the message is in the window. */
  readonly admitted?: () => void
}

/** How long a batch may outlast the deadline of its last message before its sender is given up. */
const GRACE_MS = 1_000

/**
 * All that is sent to one target: a bounded window (B3), batches that form while earlier ones are under way (B2), retries of
 * unknown outcomes with the same id, deadlines.
 *
 * Kept here: invariant 2 (confirmed only with the driver's evidence for this very message), 3 (refused only if no try may have
 * been stored), 4 (else unknown), 8 (every promise ends at its deadline), 9 (bounded in bytes), 10 (backoff with jitter).
 */
export class Outbox {
  readonly #link: Link
  readonly #target: Ref
  readonly #name: string
  readonly #options: OutboxOptions
  readonly #runtime: Runtime
  readonly #sequence: Sequence
  readonly #ordered: boolean
  /** Everything that is not settled, in the window or waiting for it. */
  readonly #open = new Linked<Item>()
  readonly #alarm: Alarm
  readonly #window: Window
  readonly #end = new AbortController()
  #inFlight = 0
  #pumping = false
  #opening = false
  #openTries = 0
  #sender: { readonly sender: Sender; readonly live: Live } | undefined
  #drained: Deferred<void> | undefined
  #closed = false

  constructor(link: Link, target: Ref, name: string, options: OutboxOptions) {
    this.#link = link
    this.#target = target
    this.#name = name
    this.#options = options
    this.#runtime = link.runtime
    this.#ordered = 'ordering' in target && target.ordering === 'key'
    this.#sequence = new Sequence(this.#ordered)
    this.#alarm = new Alarm(link.runtime, () => this.#expire())
    this.#window = new Window(options.maxMessages, options.maxBytes, (item) => {
      this.#sequence.add(item)
      this.#wake()
    })
  }

  /** Resolves with the broker's evidence, or rejects with a `BrokerError` that has an `outcome`, or with the signal's reason. */
  submit(wire: WireMessage, options: SubmitOptions): Promise<Sent> {
    return new Promise((resolve, reject) => {
      const { signal } = options
      if (this.#closed) {
        reject(closedError(this.#name, 'refused'))
        return
      }
      if (signal?.aborted === true) {
        reject(signal.reason)
        return
      }
      const item: Item = {
        wire,
        bytes: messageBytes(wire),
        deadline: this.#runtime.now() + options.timeoutMs,
        resolve,
        reject,
        leave: undefined,
        before: undefined,
        after: undefined,
        tries: 0,
        maybeStored: false,
        error: undefined,
        state: 'waiting',
      }
      this.#accept(item, options)
    })
  }

  /** Opens the sender now, so that a missing or forbidden target shows before the first message. */
  async open(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    await this.#options.prepare()
    await this.#link.run(`opening a sender to ${this.#name}`, { timeoutMs, signal }, async (connection, inner) => {
      const sender = await connection.openSender(this.#target, inner)
      await sender.close()
    })
  }

  /** Takes nothing more and closes when what is under way has ended, at its own deadlines. */
  drain(): Promise<void> {
    return this.close(new AbortController().signal)
  }

  /** Takes nothing more, waits for what is under way until the signal aborts, then fails the rest with `CLOSED`. */
  async close(signal: AbortSignal): Promise<void> {
    this.#closed = true
    if (this.#open.size > 0 && !signal.aborted) {
      this.#drained = deferred()
      const end = () => this.#drained?.resolve()
      signal.addEventListener('abort', end, { once: true })
      await this.#drained.promise
      signal.removeEventListener('abort', end)
    }
    for (const item of this.#open.all()) {
      this.#fail(
        item,
        new BrokerError('CLOSED', `send to ${this.#name}: closed before the broker answered`, {
          cause: shownError(item.error),
          outcome: outcomeOf(item),
        }),
      )
    }
    this.#alarm.stop()
    this.#end.abort(closedError(this.#name))
    const sender = this.#sender?.sender
    this.#sender = undefined
    if (sender === undefined) return
    try {
      await withDeadline(this.#runtime, GRACE_MS, undefined, () => sender.close())
    } catch (error) {
      this.#runtime.log('debug', `anybroker: closing the sender to ${this.#name} failed`, { error })
    }
  }

  #accept(item: Item, { signal, admitted }: SubmitOptions): void {
    if (!this.#window.enter(item, admitted)) {
      const why = `send to ${this.#name}: the window is full and ${this.#window.waitingBytes} bytes wait for it`
      item.reject(new BrokerError('REFUSED', why, { outcome: 'refused', retryable: true }))
      return
    }
    this.#open.add(item)
    this.#alarm.setFor(item.deadline)
    if (signal === undefined) return
    const abort = () => this.#fail(item, signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    item.leave = () => signal.removeEventListener('abort', abort)
  }

  /** At the end of the tick, so that what was sent together goes together; never later. */
  #wake(): void {
    if (this.#pumping) return
    this.#pumping = true
    queueMicrotask(() => {
      this.#pumping = false
      this.#pump()
    })
  }

  #pump(): void {
    if (this.#sequence.size === 0) return
    const open = this.#sender
    if (open === undefined || open.live.down.aborted) {
      if (open !== undefined) this.#discard(open)
      if (!this.#opening) this.#openSender()
      return
    }
    const { maxMessages, maxBytes, maxInFlight, keepsKeyOrder } = open.sender.batch
    while (this.#inFlight < maxInFlight && this.#sequence.size > 0) {
      const batch = this.#sequence.take(maxMessages, maxBytes, keepsKeyOrder ? maxMessages : 1)
      if (batch.length === 0) return
      toldElsewhere(this.#ship(open, batch))
    }
  }

  #openSender(): void {
    this.#opening = true
    let deadline = 0
    for (const item of this.#open.all()) deadline = Math.max(deadline, item.deadline)
    const open = async (): Promise<void> => {
      try {
        await this.#options.prepare()
        const live = await this.#link.live()
        const timeoutMs = Math.max(1, deadline - this.#runtime.now())
        const late = (sender: Sender) => toldElsewhere(sender.close())
        const sender = await withDeadline(
          this.#runtime,
          timeoutMs,
          live.down,
          (signal) => live.connection.openSender(this.#target, signal),
          late,
        )
        this.#sender = { sender, live }
        this.#openTries = 0
      } catch (error) {
        const facts = described(this.#link.driver, error)
        if (this.#link.closed || isFinal(facts) || !facts.retryable) {
          for (const item of this.#open.all())
            this.#fail(item, wrapped(`send to ${this.#name}`, error, this.#link.driver, outcomeOf(item)))
          return
        }
        for (const item of this.#open.all()) item.error = error
        this.#openTries += 1
        await this.#runtime.sleep(fullJitter(this.#runtime, this.#openTries), this.#end.signal)
      }
    }
    toldElsewhere(
      open().finally(() => {
        this.#opening = false
        this.#pump()
      }),
    )
  }

  async #ship(open: { readonly sender: Sender; readonly live: Live }, batch: readonly Item[]): Promise<void> {
    this.#inFlight += 1
    const until = Math.max(...batch.map((item) => item.deadline)) - this.#runtime.now() + GRACE_MS
    let outcomes: readonly Outcome[]
    try {
      const wires = batch.map((item) => item.wire)
      outcomes = await withDeadline(this.#runtime, until, open.live.down, (signal) => open.sender.send(wires, signal))
    } catch (error) {
      outcomes = batch.map(() => ({ as: 'unknown', error }))
      this.#discard(open)
    }
    this.#inFlight -= 1
    this.#conclude(batch, outcomes)
    this.#pump()
  }

  #discard(open: { readonly sender: Sender }): void {
    if (this.#sender?.sender !== open.sender) return
    this.#sender = undefined
    toldElsewhere(open.sender.close())
  }

  #conclude(batch: readonly Item[], outcomes: readonly Outcome[]): void {
    const again: Item[] = []
    let tries = 0
    batch.forEach((item, index) => {
      // What the driver forgot to answer for is not refused: nobody knows.
      const outcome = outcomes[index] ?? { as: 'unknown', error: new Error('the driver gave no outcome for it') }
      item.tries += 1
      if (item.state === 'done') return
      if (outcome.as === 'confirmed') {
        this.#take(item)
        item.resolve({ id: item.wire.id, evidence: outcome.evidence })
        this.#maybeDrained()
        return
      }
      item.state = 'backing-off'
      item.error = outcome.error
      if (outcome.as === 'unknown') item.maybeStored = true
      if (described(this.#link.driver, outcome.error).retryable || outcome.as === 'unknown') {
        again.push(item)
        tries = Math.max(tries, item.tries)
      } else {
        this.#fail(item, wrapped(`send to ${this.#name}`, outcome.error, this.#link.driver, outcomeOf(item)))
      }
    })
    if (again.length === 0) {
      this.#sequence.open(batch)
      return
    }
    const keys = new Set(again.map((item) => item.wire.key))
    this.#sequence.open(batch.filter((item) => !keys.has(item.wire.key)))
    this.#backOff(again, tries)
  }

  #backOff(again: readonly Item[], tries: number): void {
    this.#sequence.putBack(again)
    const due = () => {
      for (const item of again) {
        const inLane = this.#ordered && item.wire.key !== undefined
        if (!inLane && item.state === 'backing-off') this.#sequence.add(item)
      }
      this.#sequence.open(again)
      this.#pump()
    }
    // Rejects only when the outbox ends, and with it all that waited.
    toldElsewhere(this.#runtime.sleep(fullJitter(this.#runtime, tries), this.#end.signal).then(due))
  }

  #expire(): void {
    const now = this.#runtime.now()
    let next = Infinity
    for (const item of this.#open.all()) {
      if (item.state === 'done') continue
      if (item.deadline > now) next = Math.min(next, item.deadline)
      else this.#timeOut(item)
    }
    if (next < Infinity) this.#alarm.setFor(next)
  }

  /** An unknown outcome held its key: what is queued behind it fails with it, so that nothing of the key passes it unnoticed (O1). */
  #timeOut(item: Item): void {
    const outcome = outcomeOf(item)
    const behind = outcome === 'unknown' ? this.#sequence.behind(item) : []
    for (const each of [item, ...behind]) {
      const why =
        each === item
          ? 'the broker did not confirm it in time'
          : `message ${item.wire.id} of the same key timed out before it`
      this.#fail(
        each,
        new BrokerError('TIMEOUT', `send to ${this.#name}: ${why}`, {
          outcome: outcomeOf(each),
          retryable: true,
          cause: shownError(item.error),
        }),
      )
    }
  }

  #fail(item: Item, error: unknown): void {
    if (item.state === 'done') return
    this.#take(item)
    item.reject(error)
    this.#maybeDrained()
  }

  /** Out of the window, or out of the line before it: what becomes of it is known. */
  #take(item: Item): void {
    if (item.state !== 'waiting') this.#sequence.remove(item)
    item.state = 'done'
    item.leave?.()
    this.#open.delete(item)
    this.#window.leave(item)
  }

  #maybeDrained(): void {
    if (this.#open.size > 0) return
    this.#alarm.stop()
    this.#drained?.resolve()
  }
}
