import { BrokerError, type Outcome } from '@anybroker/driver'
import type { ConfirmChannel, Message, Options } from 'amqplib'
import { unavailable } from './errors.ts'
import { closed, type Session, settledOrAborted } from './session.ts'

/** One publish, and what it means when the server can't route it. */
export interface Publication {
  readonly exchange: string
  readonly routingKey: string
  readonly body: Buffer
  /** With a `messageId`, which a return is told apart by. */
  readonly properties: Options.Publish
  /** `mandatory`: what the server returns is refused with this. Undefined: what nobody wants is gone, and confirmed. */
  readonly unroutable?: () => BrokerError
}

/**
 * A confirm channel, reopened when it died while its connection lives. One outcome per message, by its own confirm; a return comes
 * before the confirm of the same message.
 */
export class Publisher {
  readonly #session: Session
  #channel: Promise<ConfirmChannel> | undefined
  /** The one that is open. */
  #present: ConfirmChannel | undefined
  #lastError: unknown
  /** The socket has more than it wants. */
  #full = false
  #drained: (() => void)[] = []
  readonly #returned = new Map<string, number>()
  #count = 0

  constructor(session: Session) {
    this.#session = session
  }

  /** Never rejects. What was not written when the signal aborted is refused; what was is unknown. */
  async publish(batch: readonly Publication[], signal: AbortSignal): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = []
    outcomes.length = batch.length
    let channel: ConfirmChannel
    try {
      channel = await this.#opened()
    } catch (error) {
      return batch.map(() => ({ as: 'refused', error }))
    }
    const confirms: Promise<void>[] = []
    let refusal: { readonly error: unknown } | undefined
    for (const [index, one] of batch.entries()) {
      if (this.#session.blocked) await settledOrAborted(this.#session.untilUnblocked(), signal)
      refusal = this.#refusal(channel, signal)
      if (refusal !== undefined) break
      try {
        confirms.push(this.#publish(channel, one, (outcome) => (outcomes[index] = outcome)))
      } catch (error) {
        refusal = { error }
        break
      }
      if (this.#full) await settledOrAborted(this.#untilDrained(), signal)
    }
    await settledOrAborted(Promise.all(confirms), signal)
    const written = confirms.length
    return Array.from(batch, (_, index): Outcome => {
      const outcome = outcomes[index]
      if (outcome !== undefined) return outcome
      if (index >= written && refusal !== undefined) return { as: 'refused', error: refusal.error }
      return { as: 'unknown', error: signal.reason }
    })
  }

  async close(): Promise<void> {
    const opening = this.#channel
    this.#channel = undefined
    if (opening === undefined) return
    const [opened] = await Promise.allSettled([opening])
    if (opened.status === 'fulfilled') await closed(opened.value)
  }

  #refusal(channel: ConfirmChannel, signal: AbortSignal): { readonly error: unknown } | undefined {
    if (signal.aborted) return { error: unavailable('the server took no more in time', 'connection', signal.reason) }
    if (this.#session.failure !== undefined) return this.#session.failure
    return this.#present === channel ? undefined : { error: this.#lastError }
  }

  #opened(): Promise<ConfirmChannel> {
    if (this.#channel !== undefined) return this.#channel
    const opening = this.#open()
    this.#channel = opening
    opening.catch(() => {
      if (this.#channel === opening) this.#channel = undefined
    })
    return opening
  }

  async #open(): Promise<ConfirmChannel> {
    const channel = await this.#session.confirmChannel((error) => {
      this.#lastError = error
      if (this.#present === channel) {
        this.#present = undefined
        this.#channel = undefined
      }
      this.#returned.clear()
      this.#drain()
    })
    this.#present = channel
    channel.on('return', (message: Message) => {
      const id: unknown = message.properties.messageId
      if (typeof id === 'string') this.#returned.set(id, (this.#returned.get(id) ?? 0) + 1)
    })
    channel.on('drain', () => this.#drain())
    return channel
  }

  #drain(): void {
    this.#full = false
    for (const wake of this.#drained.splice(0)) wake()
  }

  #untilDrained(): Promise<void> {
    return new Promise((resolve) => this.#drained.push(resolve))
  }

  /** Resolves when the outcome is known. Throws when the channel is closed: nothing was written. */
  #publish(channel: ConfirmChannel, one: Publication, told: (outcome: Outcome) => void): Promise<void> {
    const { exchange, routingKey, body, properties, unroutable } = one
    return new Promise((resolve) => {
      const options = unroutable === undefined ? properties : { ...properties, mandatory: true }
      const more = channel.publish(exchange, routingKey, body, options, (error: unknown) => {
        told(this.#outcome(one, error))
        resolve()
      })
      if (!more) this.#full = true
    })
  }

  #outcome({ properties, unroutable, exchange }: Publication, error: unknown): Outcome {
    if (error !== null && error !== undefined) {
      const nacked = error instanceof Error && error.message === 'message nacked'
      if (!nacked) return { as: 'unknown', error: this.#lastError ?? this.#session.failure?.error ?? error }
      const refusal = new BrokerError('REFUSED', 'the server refused the message (basic.nack)', { retryable: true })
      // Of several queues behind an exchange, some may have taken it.
      return { as: exchange === '' ? 'refused' : 'unknown', error: refusal }
    }
    const id = properties.messageId ?? ''
    const returns = this.#returned.get(id) ?? 0
    if (returns > 0) {
      if (returns === 1) this.#returned.delete(id)
      else this.#returned.set(id, returns - 1)
      if (unroutable !== undefined) return { as: 'refused', error: unroutable() }
    }
    this.#count += 1
    return { as: 'confirmed', evidence: `confirm ${this.#count}` }
  }
}
