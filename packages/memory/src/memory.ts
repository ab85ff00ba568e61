import { BrokerError, type Capabilities, type Connection, type Driver, type Runtime } from '@anybroker/driver'
import { capabilitiesOf } from './capabilities.ts'
import { MemoryConnection } from './connection.ts'
import { Session } from './engine/session.ts'
import { Store } from './engine/store.ts'
import { describeError } from './errors.ts'
import { checked, DEFAULTS, type MemoryOptions, parseUrl } from './options.ts'

/** The named stores of this process. They last as long as it does: a name that nobody is connected to still has its messages. */
const named = new Map<string, Store>()

/**
 * A broker in memory: every clause of the contract, natively. Without a `name` the store belongs to this driver, and every
 * connection that the driver opens finds it again; with one it is shared by all drivers of the process that name it. Time and
 * chance come from the `Runtime` of the connection alone.
 *
 * @throws TypeError On an unknown option or one out of range, naming it.
 *
 * @example A broker for one test
 * ```ts
 * await using broker = await connect(memory({ record: true }))
 * ```
 *
 * @example What passes here passes on every broker
 * ```ts
 * await using broker = await connect(memory({ profile: 'harsh', seed: 7 }))
 * ```
 */
export function memory(options: MemoryOptions = {}): Driver {
  return new MemoryDriver(checked(options))
}

/**
 * The same from a URL: `memory:`, `memory:orders-test`, `memory:?profile=harsh&seed=7`.
 *
 * @throws TypeError On anything else, naming what is wrong and what is allowed.
 */
export function fromUrl(url: string): Driver {
  return new MemoryDriver(parseUrl(url))
}

class MemoryDriver implements Driver {
  readonly spec = 1
  readonly name = 'memory'
  readonly capabilities: Capabilities
  readonly describeError: Driver['describeError'] = describeError
  readonly #options: MemoryOptions
  #own: Store | undefined

  constructor(options: MemoryOptions) {
    this.#options = options
    this.capabilities = capabilitiesOf({ ...DEFAULTS, ...options })
  }

  async connect(runtime: Runtime, signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted()
    const store = this.#store()
    const session = new Session(store, store.namespace(this.#options.namespace ?? ''), runtime)
    return new MemoryConnection(session, capabilitiesOf(store.settings))
  }

  #store(): Store {
    const { name, namespace: _, ...settings } = this.#options
    if (name === undefined) return (this.#own ??= new Store({ ...DEFAULTS, ...settings }))
    let store = named.get(name)
    if (store === undefined) named.set(name, (store = new Store({ ...DEFAULTS, ...settings })))
    for (const [key, asked] of Object.entries(settings)) {
      const there = store.settings[key as keyof typeof settings]
      if (there === asked) continue
      throw new BrokerError('CONFLICT', `connecting to memory:${name}: ${key}: there ${there}, asked ${asked}`)
    }
    return store
  }
}
