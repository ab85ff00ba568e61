import { CreateQueueCommand } from '@aws-sdk/client-sqs'
import type {
  Admin,
  Capabilities,
  Connection,
  ConnectionState,
  InboxRef,
  Receiver,
  ReceiverOptions,
  Ref,
  Sender,
  SourceRef,
  Topology,
} from '@anybroker/driver'
import { SqsSnsAdmin } from './admin.ts'
import { destroyClients } from './clients.ts'
import { Ephemerals } from './ephemerals.ts'
import { notFound } from './errors.ts'
import { described } from './names.ts'
import type { Outage } from './outage.ts'
import { SqsSnsTopology } from './provision.ts'
import { type Shared, SqsSnsReceiver } from './receive.ts'
import { dropQueue } from './removal.ts'
import { SqsSnsSender } from './send.ts'
import { request, type Session } from './session.ts'
import { KIND_TAG } from './tags.ts'

/** How long a closing connection waits for its polls: what an aborted one brings is hidden for a whole lease. */
const POLLS_MS = 2_000

const CUT = new Error('the connection is closed')

/** Of a service without sessions: it is never told that it is disconnected, because nothing that is in hand would be lost with it. */
export class SqsSnsConnection implements Connection {
  readonly capabilities: Capabilities
  readonly topology: Topology
  readonly admin: Admin
  /** `{ sqs, sns }`: the clients of the SDK. */
  readonly native: unknown
  readonly #session: Session
  readonly #outage: Outage
  readonly #ephemerals: Ephemerals
  readonly #strays = new Set<Promise<unknown>>()
  readonly #cut = new AbortController()

  constructor(session: Session, outage: Outage, capabilities: Capabilities) {
    this.#session = session
    this.#outage = outage
    this.#ephemerals = new Ephemerals(session)
    this.capabilities = capabilities
    this.topology = new SqsSnsTopology(session, this.#ephemerals)
    this.admin = new SqsSnsAdmin(session)
    this.native = Object.freeze({ sqs: session.clients.sqs, sns: session.clients.sns })
  }

  async openSender(target: Ref, signal: AbortSignal): Promise<Sender> {
    return SqsSnsSender.open(this.#session, target, signal)
  }

  async openReceiver(source: SourceRef, options: ReceiverOptions, signal: AbortSignal): Promise<Receiver> {
    if (source.kind === 'inbox') return this.#openInbox(source, options, signal)
    const name = this.#session.names.queue(source)
    const url = await this.#session.queueUrl(name, signal)
    if (url === undefined) throw notFound(`opening a receiver on ${described(source)}`, source)
    if (source.kind === 'subscription' && source.durability === 'ephemeral') this.#ephemerals.keep(name, url)
    return new SqsSnsReceiver(
      this.#session,
      source,
      url,
      options,
      this.#shared(() => Promise.resolve()),
    )
  }

  onState(listener: (state: ConnectionState) => void): void {
    this.#outage.onState(listener)
  }

  maintain(signal: AbortSignal): Promise<void> {
    return this.#ephemerals.maintain(signal)
  }

  async close(signal: AbortSignal): Promise<void> {
    const { runtime } = this.#session
    const waited = new AbortController()
    const enough = () => waited.abort(CUT)
    const cancel = runtime.timer(POLLS_MS, enough)
    signal.addEventListener('abort', enough, { once: true })
    if (signal.aborted) enough()
    const cut = new Promise<void>((resolve) => {
      waited.signal.addEventListener('abort', () => resolve(), { once: true })
      if (waited.signal.aborted) resolve()
    })
    await Promise.race([this.#idle(), cut])
    cancel()
    signal.removeEventListener('abort', enough)
    this.#cut.abort(CUT)
    destroyClients(this.#session.clients)
  }

  /** No stray is left; they may bring others. */
  async #idle(): Promise<void> {
    while (this.#strays.size > 0) await Promise.allSettled(this.#strays)
  }

  /** The queue of an inbox, made anew or found again, so that replies under way still find it. */
  async #openInbox(source: InboxRef, options: ReceiverOptions, signal: AbortSignal): Promise<Receiver> {
    const address = source.address ?? this.#session.names.inbox(this.#session.runtime.id())
    const command = new CreateQueueCommand({
      QueueName: address,
      tags: { [KIND_TAG]: 'inbox', ...this.#ephemerals.tag() },
    })
    const { QueueUrl } = await request(signal, (sending) => this.#session.clients.sqs.send(command, sending))
    const url = QueueUrl ?? ''
    this.#ephemerals.add(address, url)
    const closed = async (closing: AbortSignal): Promise<void> => {
      this.#ephemerals.delete(address)
      await dropQueue(this.#session, url, closing)
    }
    return new SqsSnsReceiver(this.#session, { kind: 'inbox', address }, url, options, this.#shared(closed))
  }

  #shared(closed: Shared['closed']): Shared {
    return { strays: this.#strays, cut: this.#cut.signal, closed }
  }
}
