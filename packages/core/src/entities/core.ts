import {
  BrokerError,
  type Capabilities,
  type Connection,
  type DeadLettersRef,
  type QueueRef,
  type Ref,
  type Runtime,
  type SubscriptionRef,
} from '@anybroker/driver'
import type { CloseOptions } from '../api/consume.ts'
import type { AdminOptions, Provision } from '../api/entities.ts'
import { demand, raise } from '../capabilities.ts'
import { closedError, wrapped } from '../errors.ts'
import type { Events } from '../events.ts'
import type { Link } from '../link/link.ts'
import { nameOf, type Provisioner } from '../link/provisioner.ts'
import { known, optionalSignal, timeout } from '../options/check.ts'
import type { FullConnectOptions } from '../options/connect-options.ts'
import { Outbox } from '../send/outbox.ts'
import { Inbox } from '../replies/inbox.ts'
import { DeadlinePassed, whileNotAborted, withDeadline } from '../time/deadline.ts'
import { toldElsewhere } from '../time/deferred.ts'

const MOST_REPLY_TARGETS = 100

/** What the broker closes before itself. */
export interface Closable {
  close(options?: CloseOptions): Promise<void>
}

/** What the objects of one broker share. */
export class Core {
  readonly link: Link
  readonly events: Events
  readonly provisioner: Provisioner
  readonly options: FullConnectOptions
  readonly #outboxes = new Map<string, Outbox>()
  readonly #closables = new Set<Closable>()
  readonly #consumers = new Map<string, number>()
  #raised: { readonly from: Capabilities; readonly to: Capabilities } | undefined
  #sendFailures = 0
  /** No new consumer; sends still go, because handlers that drain may send. */
  closing = false
  closed = false

  constructor(link: Link, events: Events, provisioner: Provisioner, options: FullConnectOptions) {
    this.link = link
    this.events = events
    this.provisioner = provisioner
    this.options = options
  }

  get runtime(): Runtime {
    return this.link.runtime
  }

  get driver(): string {
    return this.link.driver.name
  }

  /** The driver's grades, raised by what core does. */
  get capabilities(): Capabilities {
    const from = this.link.capabilities
    if (this.#raised?.from !== from) this.#raised = { from, to: raise(from) }
    return this.#raised.to
  }

  demand(clause: Parameters<typeof demand>[1], what: string): void {
    // After close every call is CLOSED, also one that could not be had before (C2).
    this.assertOpen()
    demand(this.capabilities, clause, this.driver, what)
  }

  assertOpen(): void {
    // A send that fails by it was never handed to anybody.
    if (this.closed) throw closedError('the broker', 'refused')
  }

  assertNotClosing(): void {
    if (this.closing) throw closedError('the broker')
  }

  /** One outbox per target, opened by its first message. */
  outbox(target: Ref, prepare: () => Promise<void>): Outbox {
    const key = keyOf(target)
    let outbox = this.#outboxes.get(key)
    if (outbox === undefined) {
      const { maxMessages, maxBytes } = this.options.sendWindow
      outbox = new Outbox(this.link, target, labelOf(target), { maxMessages, maxBytes, prepare })
      this.#outboxes.set(key, outbox)
    }
    return outbox
  }

  /** Who asks may be many, and each for a short time: only the latest have an open outbox. */
  replyOutbox(address: string): Outbox {
    const target: Ref = { kind: 'inbox', address }
    const outbox = this.outbox(target, () => Promise.resolve())
    this.#replyTargets.delete(address)
    this.#replyTargets.add(address)
    for (const oldest of this.#replyTargets) {
      if (this.#replyTargets.size <= MOST_REPLY_TARGETS) break
      this.#replyTargets.delete(oldest)
      const retired = this.#outboxes.get(keyOf({ kind: 'inbox', address: oldest }))
      this.#outboxes.delete(keyOf({ kind: 'inbox', address: oldest }))
      // What it still has under way ends at its own deadlines.
      if (retired !== undefined) toldElsewhere(retired.drain())
    }
    return outbox
  }
  readonly #replyTargets = new Set<string>()

  /** Forgets what was opened to an entity that was deleted; the next send opens it anew. */
  async dropOutboxes(...targets: readonly Ref[]): Promise<void> {
    for (const target of targets) {
      const outbox = this.#outboxes.get(keyOf(target))
      this.#outboxes.delete(keyOf(target))
      await outbox?.close(AbortSignal.abort())
    }
  }

  get outboxes(): readonly Outbox[] {
    return [...this.#outboxes.values()]
  }

  /** Closed with the broker unless it is released before. */
  track<C extends Closable>(closable: C, source?: Ref): { readonly release: () => void } {
    this.#closables.add(closable)
    const key = source === undefined ? undefined : keyOf(source)
    if (key !== undefined) this.#consumers.set(key, (this.#consumers.get(key) ?? 0) + 1)
    let released = false
    return {
      release: () => {
        if (released) return
        released = true
        this.#closables.delete(closable)
        if (key !== undefined) this.#consumers.set(key, (this.#consumers.get(key) ?? 1) - 1)
      },
    }
  }

  /** The broker's one reply inbox, opened by its first request. */
  async inbox(signal: AbortSignal): Promise<Inbox> {
    const present = await this.#inbox
    if (present === undefined || !present.alive) {
      const opening = Inbox.open(this)
      this.#inbox = opening.catch(() => undefined)
      return whileNotAborted(opening, signal)
    }
    return present
  }
  #inbox: Promise<Inbox | undefined> = Promise.resolve(undefined)

  async closeInbox(): Promise<void> {
    const inbox = await this.#inbox
    await inbox?.close()
  }

  get closables(): readonly Closable[] {
    return [...this.#closables]
  }

  /** Live consumers of this broker object. */
  consumers(source: Ref): number {
    return this.#consumers.get(keyOf(source)) ?? 0
  }

  /** B4: what was buffered and failed later. */
  sendFailed(target: string, id: string, body: unknown, error: unknown): void {
    this.#sendFailures += 1
    this.events.emit('sendFailed', { target, id, body, error, count: this.#sendFailures })
  }

  /** One administrative call, with the caller's options checked. */
  async admin<T>(
    action: string,
    given: AdminOptions | undefined,
    work: (connection: Connection, signal: AbortSignal) => Promise<T>,
    names: readonly string[] = [],
  ): Promise<T> {
    const options = adminOptions(action, given, names)
    this.assertOpen()
    return this.link.run(action, options, work)
  }

  /** Work that has a deadline of its own, waited for no longer than the caller says. */
  async inTime(action: string, given: AdminOptions | undefined, work: () => Promise<void>): Promise<void> {
    const { timeoutMs, signal } = adminOptions(action, given)
    this.assertOpen()
    try {
      await withDeadline(this.runtime, timeoutMs, signal, work)
    } catch (error) {
      throw error instanceof DeadlinePassed ? wrapped(action, error, this.link.driver) : error
    }
  }

  provision(own: Provision | undefined): Provision {
    return own ?? this.options.provision
  }
}

function adminOptions(
  action: string,
  given: AdminOptions | undefined,
  names: readonly string[] = [],
): { timeoutMs: number; signal: AbortSignal | undefined } {
  const options = known<AdminOptions>(`${action}: options`, given, ['signal', 'timeoutMs', ...names] as never)
  optionalSignal(`${action}: options.signal`, options.signal)
  return { timeoutMs: timeout(`${action}: options.timeoutMs`, options.timeoutMs, 30_000), signal: options.signal }
}

/** In the place of a method that the driver must have where its clause is not `none`. */
export function noMethod(clause: Parameters<typeof demand>[1], driver: string): never {
  throw new BrokerError('UNSUPPORTED', `${driver} declares ${clause} but has no method for it`, { clause })
}

export function deadLettersOf(of: QueueRef | SubscriptionRef): DeadLettersRef {
  return { kind: 'dead-letters', of }
}

/** As errors name it. */
export function labelOf(ref: Ref): string {
  if (ref.kind === 'inbox') return 'a reply inbox'
  if (ref.kind === 'dead-letters') return `the dead letters of ${nameOf(ref.of)}`
  return `${ref.kind} ${nameOf(ref)}`
}

function keyOf(ref: Ref): string {
  if (ref.kind === 'inbox') return `inbox:${ref.address ?? ''}`
  if (ref.kind === 'dead-letters') return `dead:${ref.of.kind}:${nameOf(ref.of)}`
  return `${ref.kind}:${nameOf(ref)}`
}
