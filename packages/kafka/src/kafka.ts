import { createRequire } from 'node:module'
import { BrokerError, type Capabilities, type Connection, type Driver, type Runtime } from '@anybroker/driver'
import { capabilitiesOf } from './capabilities.ts'
import { KafkajsClient } from './client/log-client.ts'
import { KafkaConnection } from './connection.ts'
import { describeError } from './errors.ts'
import { Names } from './names.ts'
import { checked, type KafkaOptions, parseUrl, type Settings } from './options.ts'
import { Registry } from './registry.ts'
import type { Memory } from './session.ts'

/**
 * Kafka, through kafkajs 2.2.x. Tested on Kafka 4.3.
 *
 * @throws TypeError On an unknown option or one out of range, naming it.
 *
 * @example Three nodes, with TLS and SCRAM
 * ```ts
 * const sasl = { mechanism: 'scram-sha-512', username, password } as const
 * await using broker = await connect(kafka({ hosts: ['k-1', 'k-2', 'k-3'], tls: { ca }, sasl }))
 * ```
 */
export function kafka(options: KafkaOptions): Driver {
  return new KafkaDriver(checked(options))
}

/**
 * The same from a URL: `kafka://user:password@one:9092,two:9092/?tls=true&sasl=scram-sha-256&namespace=shop`.
 *
 * @throws TypeError On anything else, naming what is wrong and what is allowed, and never showing the URL.
 */
export function fromUrl(url: string): Driver {
  return kafka(parseUrl(url))
}

/** We speak through what is below its front door, which another line of versions may have moved. */
function assertClient(): void {
  const { version } = createRequire(import.meta.url)('kafkajs/package.json') as { readonly version: string }
  if (!/^2\.2\.\d+$/.test(version))
    throw new BrokerError('UNSUPPORTED', `kafka: it needs kafkajs 2.2.x, and finds ${version}`)
}

class KafkaDriver implements Driver {
  readonly spec = 1
  readonly name = 'kafka'
  readonly capabilities: Capabilities
  readonly describeError: Driver['describeError'] = describeError
  readonly #settings: Settings
  readonly #memory: Memory = { orphans: [], positions: new Map() }

  constructor(settings: Settings) {
    this.#settings = settings
    this.capabilities = capabilitiesOf(settings)
  }

  async connect(runtime: Runtime, signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted()
    assertClient()
    const settings = this.#settings
    const client = await KafkajsClient.connect(settings, runtime, signal)
    const names = new Names(settings.namespace)
    const registry = new Registry(client, runtime, names.meta)
    return new KafkaConnection({
      client,
      runtime,
      settings,
      names,
      registry,
      memory: this.#memory,
      receivers: new Map(),
    })
  }
}
