import { BrokerError, type WireMessage } from '@anybroker/driver'
import type { Outgoing, SendAllOptions, SendOptions, SendOutcome, Sent } from '../api/message.ts'
import { known, oneOf, optionalSignal, timeout } from '../options/check.ts'
import { compose, type Composing } from '../send/compose.ts'
import type { Outbox } from '../send/outbox.ts'
import { SendAllError } from '../send/send-all-error.ts'
import type { Core } from './core.ts'

/** `send` and `publish`, one and many, to one target. */
export class Publisher<T> {
  readonly #core: Core
  readonly #name: string
  readonly #composing: Composing<T>
  readonly #outbox: () => Outbox
  /** Where a schema is asynchronous: what was called first is sent first. */
  #before: Promise<unknown> | undefined

  constructor(core: Core, name: string, composing: Composing<T>, outbox: () => Outbox) {
    this.#core = core
    this.#name = name
    this.#composing = composing
    this.#outbox = outbox
  }

  send(body: T, options: SendOptions | undefined): Promise<Sent> {
    try {
      this.#core.assertOpen()
      return this.#inOrder(compose(this.#composing, body, options), (wire) => this.#submit(wire, body, options ?? {}))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Iterates no faster than the window takes, so that an endless iterable costs no heap. */
  async sendAll(messages: Iterable<Outgoing<T>>, given: SendAllOptions | undefined): Promise<readonly Sent[]> {
    const action = `${this.#composing.action}: options`
    const options = known<SendAllOptions>(action, given, ['until', 'timeoutMs', 'signal'])
    oneOf(`${action}.until`, options.until, ['confirmed', 'buffered'], 'confirmed')
    timeout(`${action}.timeoutMs`, options.timeoutMs, 1)
    optionalSignal(`${action}.signal`, options.signal)
    if (typeof messages !== 'object' || messages === null || !(Symbol.iterator in messages)) {
      throw new TypeError(`${this.#composing.action}: the messages must be an iterable of { body, … }`)
    }
    this.#core.assertOpen()
    const sending: Promise<SendOutcome>[] = []
    for (const message of messages) {
      options.signal?.throwIfAborted()
      const window: { entered: boolean; wake?: () => void } = { entered: false }
      const inWindow = () => {
        window.entered = true
        window.wake?.()
      }
      sending.push(this.#one(message, options, inWindow))
      // Mostly it is in already, and there is nothing to wait for.
      if (window.entered) continue
      await new Promise<void>((resolve) => {
        window.wake = resolve
      })
    }
    const outcomes = await Promise.all(sending)
    const first = outcomes.find((outcome) => outcome.as !== 'confirmed')
    if (first === undefined)
      return outcomes.map(({ id, ...rest }) => ({ id, evidence: 'evidence' in rest ? rest.evidence : '' }))
    if (options.signal?.aborted === true && first.error === options.signal.reason) throw first.error
    const { error } = first
    throw new SendAllError(
      this.#name,
      outcomes,
      error instanceof BrokerError
        ? error
        : new BrokerError('INVALID_MESSAGE', error.message, { cause: error, outcome: 'refused' }),
    )
  }

  async #one(message: Outgoing<T>, options: SendAllOptions, inWindow: () => void): Promise<SendOutcome> {
    let id = typeof message === 'object' && message !== null ? (message.id ?? '') : ''
    try {
      const { body, ...own } = known<Outgoing<T>>(`${this.#composing.action}: a message`, message, OUTGOING)
      const composed = compose(this.#composing, body, own)
      const sent = await this.#inOrder(composed, (wire) => {
        id = wire.id
        return this.#submit(wire, body, options, inWindow)
      })
      return { as: 'confirmed', id, evidence: sent.evidence }
    } catch (error) {
      const as = error instanceof BrokerError && error.outcome === 'unknown' ? 'unknown' : 'refused'
      return { as, id, error: error instanceof Error ? error : new Error(String(error)) }
    } finally {
      inWindow()
    }
  }

  #inOrder(composed: WireMessage | Promise<WireMessage>, submit: (wire: WireMessage) => Promise<Sent>): Promise<Sent> {
    if (this.#before === undefined && !(composed instanceof Promise)) return submit(composed)
    const sent = Promise.all([composed, this.#before]).then(([wire]) => [submit(wire)] as const)
    // The next may go when this one is in the outbox, or has failed before.
    const turn = sent.then(NOTHING, NOTHING)
    this.#before = turn
    const over = () => {
      if (this.#before === turn) this.#before = undefined
    }
    turn.then(over, over)
    return sent.then(([promise]) => promise)
  }

  #submit(wire: WireMessage, body: unknown, options: SendAllOptions, inWindow?: () => void): Promise<Sent> {
    const timeoutMs = options.timeoutMs ?? this.#core.options.sendTimeoutMs
    const { signal } = options
    if (options.until !== 'buffered') {
      return this.#outbox().submit(
        wire,
        inWindow === undefined ? { timeoutMs, signal } : { timeoutMs, signal, admitted: inWindow },
      )
    }
    return new Promise((resolve, reject) => {
      // The signal ends the waiting for the window; what is in it is sent.
      const waiting = new AbortController()
      const onAbort = () => waiting.abort(signal?.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      let buffered = false
      const admitted = () => {
        buffered = true
        signal?.removeEventListener('abort', onAbort)
        inWindow?.()
        resolve({ id: wire.id, evidence: 'buffered' })
      }
      const failed = (error: unknown) => {
        signal?.removeEventListener('abort', onAbort)
        if (buffered) this.#core.sendFailed(this.#name, wire.id, body, error)
        else reject(error)
      }
      if (signal?.aborted === true) onAbort()
      this.#outbox().submit(wire, { timeoutMs, signal: waiting.signal, admitted }).then(NOTHING, failed)
    })
  }
}

const OUTGOING = [
  'body',
  'key',
  'headers',
  'id',
  'correlationId',
  'replyTo',
  'contentType',
  'traceparent',
  'delayMs',
  'at',
  'expiresInMs',
  'dedupId',
] as const
const NOTHING = () => undefined
