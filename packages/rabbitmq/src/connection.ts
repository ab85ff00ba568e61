import type {
  Admin,
  Capabilities,
  Connection,
  ConnectionState,
  Receiver,
  ReceiverOptions,
  Ref,
  Sender,
  SourceRef,
  Topology,
} from '@anybroker/driver'
import { RabbitAdmin } from './admin.ts'
import { EPHEMERAL_MS } from './capabilities.ts'
import { Delays } from './delay.ts'
import { RabbitTopology } from './provision.ts'
import { Publisher } from './publisher.ts'
import { openInbox, RabbitReceiver, type Shared } from './receive.ts'
import { RabbitSender } from './send.ts'
import { type Session, settledOrAborted } from './session.ts'

export class RabbitConnection implements Connection {
  readonly capabilities: Capabilities
  readonly topology: Topology
  readonly admin: Admin
  /** `{ publishing, consuming }`: the two connections of amqplib. */
  readonly native: unknown
  readonly #session: Session
  readonly #shared: Shared

  constructor(session: Session, capabilities: Capabilities, balanced: boolean) {
    this.#session = session
    this.capabilities = capabilities
    this.topology = new RabbitTopology(session)
    this.admin = new RabbitAdmin(session)
    this.native = Object.freeze({ publishing: session.publishing.model, consuming: session.consuming.model })
    this.#shared = { session, balanced, delays: new Delays(session), publisher: new Publisher(session) }
  }

  async openSender(target: Ref, signal: AbortSignal): Promise<Sender> {
    this.#session.check()
    signal.throwIfAborted()
    return RabbitSender.open(this.#session, target, this.#shared.delays)
  }

  async openReceiver(source: SourceRef, options: ReceiverOptions, signal: AbortSignal): Promise<Receiver> {
    this.#session.check()
    signal.throwIfAborted()
    if (source.kind !== 'inbox') return RabbitReceiver.open(this.#shared, source, options)
    const address = await openInbox(this.#session, source, EPHEMERAL_MS)
    return RabbitReceiver.open(this.#shared, { kind: 'inbox', address }, options)
  }

  onState(listener: (state: ConnectionState) => void): void {
    this.#session.onState(listener)
  }

  /** Confirms and acks first, then the channel of the copies, then both connections: amqplib drops what is still buffered. */
  async close(signal: AbortSignal): Promise<void> {
    // A blocked server answers no good-bye.
    if (this.#session.failure === undefined) await settledOrAborted(this.#shared.publisher.close(), signal)
    await this.#session.close(signal)
  }
}
