import type { Capabilities, Connection, Driver, Runtime } from '@anybroker/driver'
import { capabilitiesOf } from './capabilities.ts'
import { closeClients, openClients } from './clients.ts'
import { GooglePubsubConnection } from './connection.ts'
import { describeError } from './errors.ts'
import { checked, type GooglePubsubOptions, parseUrl, type Settings } from './options.ts'
import { Session } from './session.ts'

/**
 * Google Cloud Pub/Sub, through `@google-cloud/pubsub`. Credentials are Google's application default credentials; with
 * `PUBSUB_EMULATOR_HOST` or `emulatorHost` it is the emulator, and none are looked for.
 *
 * @throws TypeError On an unknown option or one out of range, naming it; on an emulator where `NODE_ENV` is `production`.
 *
 * @example A project and a namespace of its own
 * ```ts
 * await using broker = await connect(googlePubsub({ projectId: 'shop-prod', namespace: 'orders' }))
 * ```
 */
export function googlePubsub(options: GooglePubsubOptions = {}): Driver {
  return new GooglePubsubDriver(checked(options))
}

/**
 * The same from a URL: `google-pubsub://project`, `google-pubsub://project?namespace=orders&exactlyOnce=true`.
 *
 * @throws TypeError On anything else, naming what is wrong and what is allowed, and never showing the URL.
 */
export function fromUrl(url: string): Driver {
  return googlePubsub(parseUrl(url))
}

class GooglePubsubDriver implements Driver {
  readonly spec = 1
  readonly name = 'google-pubsub'
  readonly capabilities: Capabilities
  readonly describeError: Driver['describeError'] = describeError
  readonly #settings: Settings

  constructor(settings: Settings) {
    this.#settings = settings
    this.capabilities = capabilitiesOf(settings)
  }

  /** There is no session, so something is asked for that need not be there: what is wrong with address or credentials shows now. */
  async connect(runtime: Runtime, signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted()
    const settings = this.#settings
    if (settings.emulator !== undefined)
      runtime.log('warn', `anybroker: google-pubsub is the emulator at ${settings.emulator}; it keeps nothing`)
    const clients = await openClients(settings)
    try {
      const session = new Session(clients, settings, runtime)
      await session.hasTopic(session.names.replies, signal)
      return new GooglePubsubConnection(session, this.capabilities)
    } catch (error) {
      await closeClients(clients)
      throw error
    }
  }
}
