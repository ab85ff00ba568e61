import type {
  Admin,
  Capabilities,
  Connection,
  InboxRef,
  Receiver,
  ReceiverOptions,
  Ref,
  Sender,
  SourceRef,
  Topology,
} from '@anybroker/driver'
import { GooglePubsubAdmin } from './admin.ts'
import { closeClients } from './clients.ts'
import { ALREADY_EXISTS, NOT_FOUND, notFound, statusOf } from './errors.ts'
import { EPHEMERAL_RETENTION_SECONDS, EXPIRATION_SECONDS } from './limits.ts'
import { described } from './names.ts'
import { GooglePubsubTopology } from './provision.ts'
import { type Closed, GooglePubsubReceiver } from './receive.ts'
import { GooglePubsubSender } from './send.ts'
import { call, request, type Session } from './session.ts'
import { INBOX } from './wire.ts'

/** How long a closing connection waits for streams that are about to end. */
const GOODBYE_MS = 2_000

/** Of a service without sessions: streams come and go, and what is in hand outlives them. So it is never told `disconnected`. */
export class GooglePubsubConnection implements Connection {
  readonly capabilities: Capabilities
  readonly topology: Topology
  readonly admin: Admin
  /** `{ publisher, subscriber }`: the v1 clients of `@google-cloud/pubsub`. */
  readonly native: unknown
  readonly #session: Session

  constructor(session: Session, capabilities: Capabilities) {
    this.#session = session
    this.capabilities = capabilities
    this.topology = new GooglePubsubTopology(session)
    this.admin = new GooglePubsubAdmin(session)
    const { publisher, subscriber } = session.clients
    this.native = Object.freeze({ publisher, subscriber })
  }

  async openSender(target: Ref, signal: AbortSignal): Promise<Sender> {
    signal.throwIfAborted()
    return GooglePubsubSender.open(this.#session, target, signal)
  }

  async openReceiver(source: SourceRef, options: ReceiverOptions, signal: AbortSignal): Promise<Receiver> {
    signal.throwIfAborted()
    const { names } = this.#session
    if (source.kind === 'inbox') return this.#openInbox(source, options, signal)
    const name = source.kind === 'dead-letters' ? names.dead(source.of) : names.base(source)
    if ((await this.#session.hasSubscription(name, signal)) === false)
      throw notFound(`opening a receiver on ${described(source)}`, source)
    return new GooglePubsubReceiver(this.#session, source, name, options, () => Promise.resolve())
  }

  onState(): void {
    // There is no session whose state could change.
  }

  /** Streams that are about to end bring what was on its way, and that is given back. */
  async close(signal: AbortSignal): Promise<void> {
    const { ending, calls, clients, runtime } = this.#session
    if (ending.size > 0 && !signal.aborted) {
      const enough = new AbortController()
      const stop = (): void => enough.abort()
      signal.addEventListener('abort', stop, { once: true })
      // The sleep rejects when it is no longer needed.
      await Promise.race([Promise.all(ending), Promise.allSettled([runtime.sleep(GOODBYE_MS, enough.signal)])])
      stop()
      signal.removeEventListener('abort', stop)
    }
    for (const call of calls) call.cancel()
    await closeClients(clients)
  }

  /** The subscription of an inbox, made anew or found again, so that replies under way still find it. */
  async #openInbox(source: InboxRef, options: ReceiverOptions, signal: AbortSignal): Promise<Receiver> {
    const { names, clients, runtime } = this.#session
    const address = source.address ?? names.inbox(runtime.id())
    const topic = names.topicPath(names.replies)
    const name = names.subscriptionPath(address)
    const create = (): Promise<unknown> =>
      request(signal, () =>
        clients.subscriber.createSubscription(
          {
            name,
            topic,
            filter: `attributes.${INBOX} = "${address}"`,
            expirationPolicy: { ttl: { seconds: EXPIRATION_SECONDS } },
            messageRetentionDuration: { seconds: EPHEMERAL_RETENTION_SECONDS },
            labels: { 'ab-kind': 'inbox' },
          },
          call(),
        ),
      )
    try {
      await create()
    } catch (error) {
      if (statusOf(error) === NOT_FOUND) {
        await unlessThere(() => request(signal, () => clients.publisher.createTopic({ name: topic }, call())))
        await unlessThere(create)
      } else if (statusOf(error) !== ALREADY_EXISTS) throw error
    }
    const closed: Closed = async (closing) => {
      await request(closing, () => clients.subscriber.deleteSubscription({ subscription: name }, call()))
    }
    return new GooglePubsubReceiver(this.#session, { kind: 'inbox', address }, address, options, closed)
  }
}

async function unlessThere(create: () => Promise<unknown>): Promise<void> {
  try {
    await create()
  } catch (error) {
    if (statusOf(error) !== ALREADY_EXISTS) throw error
  }
}
