import type { Capabilities, Connection, Driver, Filter, Runtime } from '@anybroker/driver'
import { capabilitiesOf, serverOf } from './capabilities.ts'
import { type Client, openClient, shuffled } from './client.ts'
import { RabbitConnection } from './connection.ts'
import { describeError } from './errors.ts'
import { Names } from './names.ts'
import { checked, parseUrl, type RabbitOptions, type Settings } from './options.ts'
import { Session } from './session.ts'

/** Of a driver that has met no server yet: the line that most have. Each connection says what is true of its own. */
const UNMET = { major: 4 }

/**
 * RabbitMQ 3.10 and later, through amqplib.
 *
 * @throws TypeError On an unknown option or one out of range, naming it.
 *
 * @example Two nodes, with TLS and a client certificate
 * ```ts
 * await using broker = await connect(rabbitmq({ hosts: ['mq-1', 'mq-2'], tls: { ca, cert, key }, username, password }))
 * ```
 */
export function rabbitmq(options: RabbitOptions): Driver {
  return new RabbitDriver(checked(options))
}

/**
 * The same from a URL: `amqp://user:password@host/vhost`, `amqps://one,two:5671/?namespace=shop&caFile=ca.pem`.
 *
 * @throws TypeError On anything else, naming what is wrong and what is allowed, and never showing the URL.
 */
export function fromUrl(url: string): Driver {
  return rabbitmq(parseUrl(url))
}

class RabbitDriver implements Driver {
  readonly spec = 1
  readonly name = 'rabbitmq'
  readonly capabilities: Capabilities
  readonly describeError: Driver['describeError'] = describeError
  readonly #settings: Settings
  readonly #filters = new Map<string, Filter>()

  constructor(settings: Settings) {
    this.#settings = settings
    this.capabilities = capabilitiesOf(UNMET, settings)
  }

  async connect(runtime: Runtime, signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted()
    const settings = this.#settings
    const publishing = await openClient(settings, shuffled(settings.hosts, runtime), 'publishing', signal)
    let consuming: Client
    try {
      // To the node that just answered.
      consuming = await openClient(settings, [publishing.host], 'consuming', signal)
    } catch (error) {
      publishing.model.on('error', ignored)
      publishing.destroy()
      throw error
    }
    const server = serverOf(publishing.model.connection.serverProperties.version)
    const session = new Session(publishing, consuming, new Names(settings.namespace), runtime)
    return new RabbitConnection(session, {
      capabilities: capabilitiesOf(server, settings),
      balanced: server.major >= 4,
      settings,
      filters: this.#filters,
    })
  }
}

function ignored(): void {
  // It was given up: whatever it says is over.
}
