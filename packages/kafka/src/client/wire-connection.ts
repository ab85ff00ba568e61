import { connect as connectSocket, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import Connection from 'kafkajs/src/network/connection.js'
import apiKeys from 'kafkajs/src/protocol/requests/apiKeys.js'
import protocolRequests from 'kafkajs/src/protocol/requests/index.js'
import type { Settings } from '../options.ts'

const { requests, lookup } = protocolRequests

/** A node that says nothing for that long is gone. Longer than anything that a broker may wait with an answer of its own accord. */
const REQUEST_TIMEOUT_MS = 30_000
const CONNECT_TIMEOUT_MS = 10_000
const KEEP_ALIVE_MS = 60_000

export interface Address {
  readonly host: string
  readonly port: number
}

type Versions = Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>

interface ApiVersions {
  readonly apiVersions: readonly { readonly apiKey: number; readonly minVersion: number; readonly maxVersion: number }[]
}

/** One socket to one node, opened at the first request. One-shot: when it is closed it stays closed. */
export class WireConnection {
  readonly #settings: Settings
  readonly #address: Address
  readonly #closed: () => void
  #connection: Connection | undefined
  #socket: Socket | undefined
  #versions: Promise<Versions> | undefined
  #dead: Error | undefined

  /** `closed` is told when the socket closes by itself, not when `close` was called. */
  constructor(settings: Settings, address: Address, closed: () => void) {
    this.#settings = settings
    this.#address = address
    this.#closed = closed
  }

  get dead(): boolean {
    return this.#dead !== undefined
  }

  /** Opens it, learns what the node speaks, and says who we are. */
  open(): Promise<Versions> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead)
    this.#versions ??= this.#open()
    return this.#versions
  }

  /**
   * One request. `lenient` leaves the errors of single partitions in the answer: by itself kafkajs throws the first of them and
   * hides the rest.
   */
  async request(api: string, args: object, lenient = false): Promise<unknown> {
    const versions = await this.open()
    const connection = this.#connection
    const definition = requests[api]
    if (this.#dead !== undefined || connection === undefined || definition === undefined)
      throw this.#dead ?? new Error(`there is no request ${api}`)
    const protocol = lookup(versions)(apiKeys[api] ?? -1, definition)(args)
    if (!lenient) return connection.send({ ...protocol, logResponseError: false })
    const response = {
      decode: (raw: unknown) => protocol.response.decode(raw),
      parse: (decoded: unknown) => Promise.resolve(decoded),
    }
    return connection.send({ ...protocol, response, logResponseError: false })
  }

  /** At once; whatever is under way fails. */
  close(): void {
    this.#end(new ConnectionGone('the connection was closed'))
  }

  async #open(): Promise<Versions> {
    const connection = this.#make()
    this.#connection = connection
    try {
      await connection.connect()
      const versions = await this.#apiVersions(connection)
      connection.setVersions(versions)
      connection.setSupportAuthenticationProtocol(versions[apiKeys['SaslAuthenticate'] ?? -1] !== undefined)
      await connection.authenticate()
      if (this.#dead !== undefined) throw this.#dead
      return versions
    } catch (error) {
      this.#end(error instanceof Error ? error : new ConnectionGone('the connection failed'))
      throw error
    }
  }

  #make(): Connection {
    const { host, port } = this.#address
    const { tls, sasl, clientId } = this.#settings
    const connection = new Connection({
      host,
      port,
      logger: SILENT,
      socketFactory: (to) => this.#makeSocket(to.onConnect),
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      enforceRequestTimeout: true,
      clientId,
      ssl: tls === undefined ? null : tls,
      // kafkajs writes into it.
      sasl: sasl === undefined ? null : { ...sasl },
    })
    const { requestQueue } = connection
    const schedule = requestQueue.scheduleCheckPendingRequests.bind(requestQueue)
    // kafkajs 2.2.4 arms a timer of 1 ms (a negative one, of which newer Nodes warn) for ever, also when nothing waits.
    requestQueue.scheduleCheckPendingRequests = () => {
      if (requestQueue.pending.length > 0 || requestQueue.throttledUntil > Date.now()) schedule()
    }
    return connection
  }

  #makeSocket(onConnect: () => void): Socket {
    const { host, port } = this.#address
    const { tls, socketFactory } = this.#settings
    const plain = socketFactory?.({ host, port }) ?? connectSocket({ host, port })
    plain.setNoDelay(true)
    plain.setKeepAlive(true, KEEP_ALIVE_MS)
    const servername = isIP(host) === 0 ? { servername: host } : {}
    const socket = tls === undefined ? plain : connectTls({ socket: plain, host, ...servername, ...tls })
    // What goes wrong below TLS is told above it, too.
    if (socket !== plain) plain.on('error', (error) => socket.destroy(error))
    socket.once(tls === undefined ? 'connect' : 'secureConnect', onConnect)
    // kafkajs hears of an end and of an error, and of a socket that just closes nothing.
    socket.once('close', () => {
      if (this.#dead !== undefined) return
      this.#end(new ConnectionGone(`the connection to ${host}:${port} is closed`))
      this.#closed()
    })
    this.#socket = socket
    return socket
  }

  async #apiVersions(connection: Connection): Promise<Versions> {
    const definition = requests['ApiVersions']
    let failure: unknown = new Error('no version of ApiVersions')
    for (const version of (definition?.versions ?? []).map(Number).toSorted((one, other) => other - one)) {
      try {
        const protocol = definition?.protocol({ version })({})
        if (protocol === undefined) break
        const { apiVersions } = (await connection.send({ ...protocol, logResponseError: false })) as ApiVersions
        return Object.fromEntries(apiVersions.map(({ apiKey, ...range }) => [apiKey, range]))
      } catch (error) {
        failure = error
        if ((error as { readonly type?: unknown }).type !== 'UNSUPPORTED_VERSION') break
      }
    }
    throw failure
  }

  #end(error: Error): void {
    if (this.#dead !== undefined) return
    this.#dead = error
    const connection = this.#connection
    if (connection !== undefined) {
      connection.rejectRequests(error)
      // Ends its timers; what it could still say is said by `error`.
      connection.disconnect().then(undefined, () => undefined)
    }
    this.#socket?.on('error', () => undefined)
    this.#socket?.destroy()
  }
}

/** A socket that is no more. Whether what was asked for was done nobody knows. */
export class ConnectionGone extends Error {
  override readonly name = 'ConnectionGone'
}

const SILENT = {
  namespace: () => SILENT,
  debug() {},
  info() {},
  warn() {},
  error() {},
} as const satisfies object as never
