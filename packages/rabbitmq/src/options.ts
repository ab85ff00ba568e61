import { readFileSync } from 'node:fs'
import { type ManagementSettings, managementSettings } from './management.ts'
import { type StreamMode, type StreamSettings, streamSettings } from './stream-options.ts'

export interface Host {
  readonly host: string
  /** Default: 5672, with TLS 5671. */
  readonly port?: number
}

export interface TlsOptions {
  /** Authorities to trust instead of Node's, as PEM. */
  readonly ca?: string | Buffer
  /** The client's own certificate and key, as PEM. Both or none. */
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  readonly passphrase?: string
  /** The name that the certificate must carry. Default: the host. */
  readonly serverName?: string
}

/** Options of `rabbitmq()`. */
export interface RabbitOptions {
  /** Tried one after the other, in an order drawn anew for each connection, until one answers. At least one. */
  readonly hosts: readonly (string | Host)[]
  /** Default `guest`. */
  readonly username?: string
  /** Default `guest`. */
  readonly password?: string
  /** `external`: who we are is in the client certificate. Default `plain`. */
  readonly auth?: 'plain' | 'external'
  /** Default `/`. */
  readonly vhost?: string
  /** `true` for Node's own authorities. Default: no TLS. */
  readonly tls?: boolean | TlsOptions
  /** Begins every name on the server. 1 to 32 of `A-Z a-z 0-9 _ -`, beginning with a letter or digit. Default `ab`. */
  readonly namespace?: string
  /** Seconds between heartbeats; the server may want fewer. 1 to 600, default 10. A dead peer is noticed after two. */
  readonly heartbeatSeconds?: number
  /** How this process is called in RabbitMQ's list of connections. Default `anybroker`. */
  readonly connectionName?: string
  /**
   * Which topics keep a history for `seek` and `from: 'earliest'`. Default `off`. With `asked`, those opened with
   * `native: { rabbitmq: { stream: true } }`; with `all`, every topic not opened with `stream: false`.
   */
  readonly stream?: StreamMode
  /** How long a stream keeps messages, in milliseconds, rounded up to seconds. 1 s to 100 years, default 7 days. */
  readonly streamMaxAgeMs?: number
  /** How much a stream keeps, in bytes on disk of each replica. 1 MB to 1 PB, default 10 GB. */
  readonly streamMaxBytes?: number
  /**
   * The URL of the management API, for `list`: `http://mq-1:15672`, or `https:` with an authority that Node trusts. With a user and
   * a password in it where they are not those of AMQP. Default: none, and `list` is `UNSUPPORTED`.
   */
  readonly management?: string
}

/** All options, checked, with their defaults. */
export interface Settings {
  readonly hosts: readonly Required<Host>[]
  readonly username: string
  readonly password: string
  readonly auth: 'plain' | 'external'
  readonly vhost: string
  readonly tls: TlsOptions | undefined
  readonly namespace: string
  readonly heartbeatSeconds: number
  readonly connectionName: string
  readonly stream: StreamSettings
  readonly management: ManagementSettings | undefined
}

const PORT = 5672
const TLS_PORT = 5671
const NAMESPACE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/
const HOST = /^[A-Za-z0-9_.:%-]{1,253}$/
const ALLOWED = [
  'hosts',
  'username',
  'password',
  'auth',
  'vhost',
  'tls',
  'namespace',
  'heartbeatSeconds',
  'connectionName',
  'stream',
  'streamMaxAgeMs',
  'streamMaxBytes',
  'management',
]
const TLS_ALLOWED = ['ca', 'cert', 'key', 'passphrase', 'serverName']
const QUERY = [
  'namespace',
  'heartbeatSeconds',
  'connectionName',
  'auth',
  'stream',
  'streamMaxAgeMs',
  'streamMaxBytes',
  'management',
  'caFile',
  'certFile',
  'keyFile',
  'serverName',
]
const NUMBERS = ['heartbeatSeconds', 'streamMaxAgeMs', 'streamMaxBytes']

/** A checked and frozen copy. Throws a `TypeError` that names the option and the rule, and shows no value that may be secret. */
export function checked(given: RabbitOptions): Settings {
  const options = plain('options', given, ALLOWED)
  const secure = options['tls'] !== undefined && options['tls'] !== false
  const tls = secure ? checkedTls(options['tls']) : undefined
  const auth = options['auth'] ?? 'plain'
  if (auth !== 'plain' && auth !== 'external') throw new TypeError('rabbitmq: auth must be plain or external')
  if (auth === 'external' && tls?.cert === undefined)
    throw new TypeError('rabbitmq: auth external needs tls with cert and key')
  const heartbeatSeconds = options['heartbeatSeconds'] ?? 10
  if (!isWhole(heartbeatSeconds, 1, 600))
    throw new TypeError('rabbitmq: heartbeatSeconds must be a whole number from 1 to 600')
  const namespace = textOf(options, 'namespace', 'ab', 32)
  if (!NAMESPACE.test(namespace)) {
    throw new TypeError('rabbitmq: namespace must have 1 to 32 of A-Z a-z 0-9 _ - and begin with a letter or digit')
  }
  const username = textOf(options, 'username', 'guest', 255)
  const password = textOf(options, 'password', 'guest', 4096)
  return Object.freeze({
    hosts: checkedHosts(options['hosts'], secure ? TLS_PORT : PORT),
    username,
    password,
    auth,
    vhost: textOf(options, 'vhost', '/', 255),
    tls,
    namespace,
    heartbeatSeconds,
    connectionName: textOf(options, 'connectionName', 'anybroker', 255),
    stream: streamSettings(options['stream'], options['streamMaxAgeMs'], options['streamMaxBytes']),
    management: managementSettings(options['management'], { username, password, auth, secure }),
  })
}

function checkedHosts(given: unknown, port: number): readonly Required<Host>[] {
  if (!Array.isArray(given) || given.length === 0)
    throw new TypeError('rabbitmq: hosts must be a list of at least one host')
  return Object.freeze(
    given.map((each: unknown) => {
      const one = typeof each === 'string' ? { host: each } : plain('each of hosts', each, ['host', 'port'])
      const { host, port: own = port } = one as { readonly host?: unknown; readonly port?: unknown }
      if (typeof host !== 'string' || !HOST.test(host))
        throw new TypeError('rabbitmq: a host must be a name or an address, without a port')
      if (!isWhole(own, 1, 65_535)) throw new TypeError('rabbitmq: a port must be a whole number from 1 to 65535')
      return Object.freeze({ host, port: own })
    }),
  )
}

function checkedTls(given: unknown): TlsOptions {
  if (given === true) return Object.freeze({})
  const tls = plain('tls', given, TLS_ALLOWED)
  for (const [key, value] of Object.entries(tls)) {
    if (typeof value !== 'string' && !Buffer.isBuffer(value))
      throw new TypeError(`rabbitmq: tls.${key} must be a string or a Buffer`)
  }
  if ((tls['cert'] === undefined) !== (tls['key'] === undefined))
    throw new TypeError('rabbitmq: tls.cert and tls.key go together')
  return Object.freeze(tls) as TlsOptions
}

/**
 * The options that a URL spells: `amqp://user:password@one,two:5673/vhost?namespace=shop`. `amqps:` is with TLS; `caFile`,
 * `certFile` and `keyFile` are paths of PEM files. Throws a `TypeError` that never shows the URL, which may hold a password.
 */
export function parseUrl(text: string): RabbitOptions {
  const parts = /^(amqps?):\/\/(?:([^/?#]*)@)?([^/?#@]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i.exec(text)
  if (parts === null)
    throw new TypeError(
      'rabbitmq: a URL is amqp://user:password@host:port/vhost, several hosts with commas between them',
    )
  const [, scheme = '', credentials, hosts = '', vhost, query = ''] = parts
  const options: Record<string, unknown> = { hosts: hosts.split(',').map(parseHost) }
  if (credentials !== undefined) {
    const colon = credentials.indexOf(':')
    options['username'] = decoded(colon < 0 ? credentials : credentials.slice(0, colon))
    options['password'] = colon < 0 ? '' : decoded(credentials.slice(colon + 1))
  }
  if (vhost !== undefined && vhost !== '') options['vhost'] = decoded(vhost)
  const tls: Record<string, unknown> = {}
  const seen = new Set<string>()
  for (const [key, value] of new URLSearchParams(query)) {
    if (!QUERY.includes(key))
      throw new TypeError(
        `rabbitmq: there is no option ${JSON.stringify(key.slice(0, 64))} in a URL; there are ${QUERY.join(', ')}`,
      )
    if (seen.has(key)) throw new TypeError(`rabbitmq: ${key} is there twice`)
    seen.add(key)
    if (key === 'serverName') tls['serverName'] = value
    else if (key.endsWith('File')) tls[key.slice(0, -'File'.length)] = read(key, value)
    else options[key] = NUMBERS.includes(key) && /^\d{1,15}$/.test(value) ? Number(value) : value
  }
  const secure = scheme.toLowerCase() === 'amqps'
  if (!secure && Object.keys(tls).length > 0) throw new TypeError('rabbitmq: certificates need amqps:')
  if (secure) options['tls'] = Object.keys(tls).length === 0 ? true : tls
  return options as unknown as RabbitOptions
}

function parseHost(text: string): Host {
  const parts = /^(?:\[([0-9A-Fa-f:.%]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text)
  if (parts === null) throw new TypeError('rabbitmq: a host of the URL is none; a host is name, name:port or [v6]:port')
  const [, v6, name = '', port] = parts
  return { host: v6 ?? name, ...(port === undefined ? {} : { port: Number(port) }) }
}

function read(key: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new TypeError(`rabbitmq: ${key} can't be read`, { cause })
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new TypeError('rabbitmq: user, password and vhost of a URL must be percent-encoded')
  }
}

function plain(what: string, given: unknown, allowed: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new TypeError(`rabbitmq: ${what} must be an object`)
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  for (const [key] of entries) {
    if (!allowed.includes(key))
      throw new TypeError(
        `rabbitmq: ${what}: there is no option ${JSON.stringify(key.slice(0, 64))}; there are ${allowed.join(', ')}`,
      )
  }
  return Object.fromEntries(entries)
}

function textOf(options: Readonly<Record<string, unknown>>, key: string, fallback: string, maxLength: number): string {
  const value = options[key] ?? fallback
  if (typeof value !== 'string' || value.length > maxLength)
    throw new TypeError(`rabbitmq: ${key} must be a string of at most ${maxLength} characters`)
  return value
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most
}
