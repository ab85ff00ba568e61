import type { WireMessage } from '@anybroker/driver'
import type { DeadLetter, Message } from '../api/message.ts'

/** A message as the application reads it: getters over what came, no copies. */
export class MessageView<T> implements Message<T> {
  readonly body: T
  readonly #wire: WireMessage

  constructor(wire: WireMessage, body: T) {
    this.#wire = wire
    this.body = body
  }

  /** The message as it came, for core. */
  get wire(): WireMessage {
    return this.#wire
  }

  get id(): string {
    return this.#wire.id
  }
  get bytes(): Uint8Array {
    return this.#wire.body
  }
  get headers(): Readonly<Record<string, string>> {
    return this.#wire.headers
  }
  get sentAt(): Date {
    return new Date(this.#wire.sentAt)
  }
  get key(): string | undefined {
    return this.#wire.key
  }
  get contentType(): string | undefined {
    return this.#wire.contentType
  }
  get correlationId(): string | undefined {
    return this.#wire.correlationId
  }
  get replyTo(): string | undefined {
    return this.#wire.replyTo
  }
  get source(): string | undefined {
    return this.#wire.source
  }
  get traceparent(): string | undefined {
    return this.#wire.traceparent
  }
  get expiresAt(): Date | undefined {
    return this.#wire.expiresAt === undefined ? undefined : new Date(this.#wire.expiresAt)
  }
  get dead(): DeadLetter | undefined {
    return this.#wire.dead === undefined ? undefined : { ...this.#wire.dead, at: new Date(this.#wire.dead.at) }
  }
}
