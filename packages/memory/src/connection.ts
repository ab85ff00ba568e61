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
import { MemoryAdmin } from './admin.ts'
import type { Session } from './engine/session.ts'
import { notFound } from './errors.ts'
import { MemoryNative } from './inspect.ts'
import { described } from './names.ts'
import { MemoryTopology } from './provision.ts'
import { MemoryReceiver } from './receive.ts'
import { MemorySender } from './send.ts'

export class MemoryConnection implements Connection {
  readonly capabilities: Capabilities
  readonly topology: Topology
  readonly admin: Admin
  readonly native: unknown
  readonly #session: Session

  constructor(session: Session, capabilities: Capabilities) {
    this.#session = session
    this.capabilities = capabilities
    this.topology = new MemoryTopology(session)
    this.admin = new MemoryAdmin(session)
    this.native = new MemoryNative(session)
  }

  async openSender(target: Ref, signal: AbortSignal): Promise<Sender> {
    this.#session.check()
    signal.throwIfAborted()
    // Whether an inbox is still there is known when a reply is sent, not before.
    if (target.kind !== 'inbox' && this.#session.namespace.destination(target) === undefined) {
      throw notFound(`opening a sender to ${described(target)}`, target)
    }
    return new MemorySender(this.#session, target)
  }

  async openReceiver(source: SourceRef, options: ReceiverOptions, signal: AbortSignal): Promise<Receiver> {
    this.#session.check()
    signal.throwIfAborted()
    if (source.kind === 'inbox') return this.#openInbox(source, options)
    const { namespace } = this.#session
    const found = namespace.source(source)
    if (found === undefined) throw notFound(`opening a receiver on ${described(source)}`, source)
    const subscription = source.kind === 'subscription' ? namespace.subscription(source) : undefined
    if (subscription?.settings.durability === 'ephemeral') this.#session.own(subscription)
    return new MemoryReceiver(this.#session, found, options)
  }

  onState(listener: (state: ConnectionState) => void): void {
    this.#session.onState(listener)
  }

  /** Whatever the signal says: nothing here takes time. */
  async close(_signal: AbortSignal): Promise<void> {
    this.#session.close()
  }

  /** A new one, or, with an address, the one that a connection left behind a moment ago. */
  #openInbox(ref: InboxRef, options: ReceiverOptions): Receiver {
    const { namespace, runtime } = this.#session
    const { address = runtime.id() } = ref
    const inbox = ref.address === undefined ? namespace.makeInbox(address) : namespace.inboxes.get(address)
    if (inbox === undefined) throw notFound(`opening a receiver on ${described(ref)}`, ref)
    this.#session.own(inbox)
    return new MemoryReceiver(this.#session, inbox.source, options, {
      address,
      closed: () => this.#session.giveUp(inbox),
      died: () => this.#session.abandon(inbox),
    })
  }
}
