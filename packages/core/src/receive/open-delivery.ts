import type { Delivery, RejectOptions, RetryOptions, SendOptions, Sent } from '../api/message.ts'
import { BrokerError, type WireMessage } from '@anybroker/driver'
import { integer, known, optionalText } from '../options/check.ts'
import { toldElsewhere } from '../time/deferred.ts'
import type { Entry } from './entry.ts'
import { MessageView } from './message-view.ts'

export type Verb = 'ack' | 'retry' | 'reject'

export interface SettleOptions {
  readonly delayMs?: number | undefined
  readonly reason?: string | undefined
}

/** The promise follows the broker. Failures are told as events too, so nobody has to ask for it. */
export interface Settle {
  readonly promise: Promise<void>
}

/** What a delivery needs of its consumer. */
export interface DeliveryHost {
  /** Frees slot and lane at the call. */
  settle(entry: Entry, verb: Verb, options: SettleOptions): Settle
  /** Throws what a retry with that delay can't be had for; the delivery then stays in hand. */
  assertDelay(delayMs: number): void
  /** Tells it as an event. */
  settleFailed(entry: Entry, verb: Verb, error: Error): void
  reply(message: WireMessage, body: unknown, options: SendOptions | undefined): Promise<Sent>
}

/**
 * One attempt, as the application sees it. One shape for all, getters instead of copies, and nothing made that may not be asked
 * for: the signal above all.
 */
export class OpenDelivery extends MessageView<unknown> implements Delivery<unknown> {
  readonly attempt: number
  readonly #entry: Entry
  readonly #host: DeliveryHost
  #verb: Verb | undefined
  #settle: Settle | undefined
  #controller: AbortController | undefined
  #interrupted = false
  /** Why it can no longer be settled. */
  #over: Error | undefined

  constructor(entry: Entry, host: DeliveryHost, body: unknown) {
    super(entry.wire.message, body)
    this.#entry = entry
    this.#host = host
    this.attempt = entry.attempt
  }

  /** For core. */
  get entry(): Entry {
    return this.#entry
  }

  get redelivered(): boolean {
    return this.attempt > 1 || this.#entry.wire.redelivered
  }
  get native(): unknown {
    return this.#entry.wire.native
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#over !== undefined) this.#controller.abort(this.#over)
    }
    return this.#controller.signal
  }

  /** Whether the application settled it, or can no longer. */
  get settled(): boolean {
    return this.#verb !== undefined || this.#over !== undefined
  }

  /** Whether it settled it itself. */
  get verb(): Verb | undefined {
    return this.#verb
  }

  ack(): Promise<void> {
    return this.#settleAs('ack', NO_OPTIONS)
  }

  retry(options?: RetryOptions): Promise<void> {
    try {
      const { delayMs } = known<RetryOptions>('retry: options', options, ['delayMs'])
      integer('retry: options.delayMs', delayMs, { min: 0, max: Number.MAX_SAFE_INTEGER, fallback: 0 })
      if (delayMs !== undefined) this.#host.assertDelay(delayMs)
      return this.#settleAs('retry', { delayMs })
    } catch (error) {
      return Promise.reject(error)
    }
  }

  reject(options?: RejectOptions): Promise<void> {
    try {
      const { reason } = known<RejectOptions>('reject: options', options, ['reason'])
      optionalText('reject: options.reason', reason, 1_000_000)
      return this.#settleAs('reject', { reason })
    } catch (error) {
      return Promise.reject(error)
    }
  }

  reply(body: unknown, options?: Omit<SendOptions, 'key' | 'replyTo' | 'correlationId' | 'until'>): Promise<Sent> {
    return this.#host.reply(this.#entry.wire.message, body, options)
  }

  /** For a handler that resolved and left it open: nobody has asked for the promise. */
  autoAck(): void {
    if (!this.settled) this.#begin('ack', NO_OPTIONS)
  }

  /** The consumer says that it can no longer be settled; the first reason stays. */
  end(reason: Error): void {
    if (this.#over !== undefined) return
    this.#over = reason
    this.#controller?.abort(reason)
  }

  /** The consumer asks the handler to stop; it can still be settled. */
  interrupt(reason: Error): void {
    this.#interrupted = true
    this.#controller ??= new AbortController()
    this.#controller.abort(reason)
  }

  get interrupted(): boolean {
    return this.#interrupted
  }

  #settleAs(verb: Verb, options: SettleOptions): Promise<void> {
    if (this.#settle !== undefined) {
      if (verb === this.#verb) return this.#settle.promise
      return this.#refused(
        verb,
        new BrokerError('CONFLICT', `${verb}: message ${this.id} was settled by ${this.#verb} before`),
      )
    }
    if (this.#over !== undefined) return this.#refused(verb, this.#over)
    return this.#begin(verb, options).promise
  }

  #begin(verb: Verb, options: SettleOptions): Settle {
    this.#verb = verb
    this.#settle = this.#host.settle(this.#entry, verb, options)
    return this.#settle
  }

  #refused(verb: Verb, error: Error): Promise<void> {
    this.#host.settleFailed(this.#entry, verb, error)
    const refusal = Promise.reject(error)
    toldElsewhere(refusal)
    return refusal
  }
}

const NO_OPTIONS: SettleOptions = Object.freeze({})
