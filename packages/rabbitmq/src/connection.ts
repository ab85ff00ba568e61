import type {
  Admin,
  Capabilities,
  Connection,
  ConnectionState,
  Filter,
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
import { Management } from './management.ts'
import type { Settings } from './options.ts'
import { RabbitTopology } from './provision.ts'
import { Publisher } from './publisher.ts'
import { openInbox, RabbitReceiver, type Shared } from './receive.ts'
import { Seeks } from './seek.ts'
import { RabbitSender } from './send.ts'
import { type Session, settledOrAborted } from './session.ts'
import { Streams } from './stream.ts'

/** What a connection knows beside its session. */
export interface Life {
  readonly capabilities: Capabilities
  /** Whether the server honours consumer priorities with a single active consumer. */
  readonly balanced: boolean
  readonly settings: Settings
  /** The filters of subscriptions that were opened in this process, by name: the server does not tell them. */
  readonly filters: Map<string, Filter>
}

export class RabbitConnection implements Connection {
  readonly capabilities: Capabilities
  readonly topology: Topology
  readonly admin: Admin
  /** `{ publishing, consuming }`: the two connections of amqplib. */
  readonly native: unknown
  readonly #session: Session
  readonly #shared: Shared
  readonly #seeks: Seeks

  constructor(session: Session, { capabilities, balanced, settings, filters }: Life) {
    const management = settings.management && new Management(settings.management, settings.vhost)
    const streams = new Streams(session, settings.stream)
    this.#session = session
    this.#seeks = new Seeks(session, streams, filters)
    this.capabilities = capabilities
    this.topology = new RabbitTopology(session, streams, filters, management)
    this.admin = new RabbitAdmin(session, settings.stream.mode === 'off' ? undefined : this.#seeks)
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
    if (source.kind !== 'inbox')
      return this.#seeks.open(source, signal, () => RabbitReceiver.open(this.#shared, source, options))
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
