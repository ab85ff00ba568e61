import { readFileSync } from 'node:fs'
import { isIP, type Socket } from 'node:net'
import { Names } from './names.ts'

export interface Host {
  readonly host: string
  /** Default 9092. */
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

/** Who we are: name and password, or a token that is asked for at each connection and before it runs out. */
export type SaslOptions =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      readonly username: string
      readonly password: string
    }
  | { readonly mechanism: 'oauthbearer'; readonly token: () => Promise<string> }

/** Options of `kafka()`. */
export interface KafkaOptions {
  /** Some nodes of the cluster, as `name`, `name:port` or an object; the others are learned from them. At least one. */
  readonly hosts: readonly (string | Host)[]
  /** `true` for Node's own authorities. Default: no TLS. */
  readonly tls?: boolean | TlsOptions
  /** Default: none. */
  readonly sasl?: SaslOptions
  /** Begins every name on the cluster. 1 to 32 of `A-Z a-z 0-9 _ -`, first and last a letter or digit. Default `ab`. */
  readonly namespace?: string
  /** Of queues and topics that are created from now on, and so the most consumers that share one. 1 to 1,000, default 12. */
  readonly partitions?: number
  /**
   * How long a topic that is created from now on keeps its messages, and so how long a subscriber may be away. A minute or more,
   * default 7 days.
   */
  readonly topicRetentionMs?: number
  /** How long a consumer may be silent until its messages go to another. 6,000 to 1,800,000, default 30,000. */
  readonly sessionTimeoutMs?: number
  /** How often a consumer says that it lives, and hears of others that come and go. 100 to a third of the session, default 1,000. */
  readonly heartbeatIntervalMs?: number
  /** How this process is called in the logs of the cluster. Default `anybroker`. */
  readonly clientId?: string
  /** Opens a plain socket to a node, through a proxy for example; TLS goes over it. Default: Node's own. */
  readonly socketFactory?: (address: { readonly host: string; readonly port: number }) => Socket
}

/** All options, checked, with their defaults. */
export interface Settings {
  readonly hosts: readonly Required<Host>[]
  /** As `tls.connect` takes them. */
  readonly tls: object | undefined
  /** As kafkajs takes them. */
  readonly sasl: object | undefined
  readonly namespace: string
  readonly partitions: number
  readonly topicRetentionMs: number
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly clientId: string
  readonly socketFactory: KafkaOptions['socketFactory']
  /** What to ask a node for to learn of the others: asking for no topic would be answered with all of them. */
  readonly probeTopic: string
}

const PORT = 9092
const DAY_MS = 24 * 60 * 60_000
const NAMESPACE = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,30}[A-Za-z0-9])?$/
const HOST = /^[A-Za-z0-9_.:%-]{1,253}$/
const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer']
const ALLOWED = [
  'hosts',
  'tls',
  'sasl',
  'namespace',
  'partitions',
  'topicRetentionMs',
  'sessionTimeoutMs',
  'heartbeatIntervalMs',
  'clientId',
  'socketFactory',
]
const TLS_ALLOWED = ['ca', 'cert', 'key', 'passphrase', 'serverName']
const NUMBERS = ['partitions', 'topicRetentionMs', 'sessionTimeoutMs', 'heartbeatIntervalMs']
const QUERY = ['namespace', 'clientId', ...NUMBERS, 'tls', 'sasl', 'caFile', 'certFile', 'keyFile', 'serverName']

/** A checked and frozen copy. Throws a `TypeError` that names the option and the rule, and shows no value that may be secret. */
export function checked(given: KafkaOptions): Settings {
  const options = plain('options', given, ALLOWED)
  const secure = options['tls'] !== undefined && options['tls'] !== false
  const namespace = textOf(options, 'namespace', 'ab', 32)
  if (!NAMESPACE.test(namespace)) {
    throw new TypeError(
      'kafka: namespace must have 1 to 32 of A-Z a-z 0-9 _ - and begin and end with a letter or digit',
    )
  }
  const { socketFactory } = options
  if (socketFactory !== undefined && typeof socketFactory !== 'function')
    throw new TypeError('kafka: socketFactory must be a function')
  const sessionTimeoutMs = wholeOf(options, 'sessionTimeoutMs', 30_000, 6_000, 1_800_000)
  const longest = Math.floor(sessionTimeoutMs / 3)
  return Object.freeze({
    hosts: checkedHosts(options['hosts']),
    tls: secure ? checkedTls(options['tls']) : undefined,
    sasl: options['sasl'] === undefined ? undefined : checkedSasl(options['sasl']),
    namespace,
    partitions: wholeOf(options, 'partitions', 12, 1, 1_000),
    topicRetentionMs: wholeOf(options, 'topicRetentionMs', 7 * DAY_MS, 60_000, Number.MAX_SAFE_INTEGER),
    sessionTimeoutMs,
    heartbeatIntervalMs: wholeOf(options, 'heartbeatIntervalMs', Math.min(1_000, longest), 100, longest),
    clientId: textOf(options, 'clientId', 'anybroker', 249),
    socketFactory: socketFactory as KafkaOptions['socketFactory'],
    probeTopic: new Names(namespace).meta,
  })
}

function checkedHosts(given: unknown): readonly Required<Host>[] {
  if (!Array.isArray(given) || given.length === 0)
    throw new TypeError('kafka: hosts must be a list of at least one host')
  return Object.freeze(
    given.map((each: unknown) => {
      const one =
        typeof each === 'string'
          ? isIP(each) === 0
            ? parseHost(each)
            : { host: each }
          : plain('each of hosts', each, ['host', 'port'])
      const { host, port = PORT } = one as { readonly host?: unknown; readonly port?: unknown }
      if (typeof host !== 'string' || !HOST.test(host) || (host.includes(':') && isIP(host) === 0))
        throw new TypeError('kafka: a host must be a name or an address')
      if (!isWhole(port, 1, 65_535)) throw new TypeError('kafka: a port must be a whole number from 1 to 65535')
      return Object.freeze({ host, port })
    }),
  )
}

function checkedTls(given: unknown): object {
  if (given === true) return Object.freeze({ minVersion: 'TLSv1.2' })
  const { serverName, ...tls } = plain('tls', given, TLS_ALLOWED)
  for (const [key, value] of Object.entries(tls)) {
    if (typeof value !== 'string' && !Buffer.isBuffer(value))
      throw new TypeError(`kafka: tls.${key} must be a string or a Buffer`)
  }
  if (serverName !== undefined && typeof serverName !== 'string')
    throw new TypeError('kafka: tls.serverName must be a string')
  if ((tls['cert'] === undefined) !== (tls['key'] === undefined))
    throw new TypeError('kafka: tls.cert and tls.key go together')
  return Object.freeze({
    ...tls,
    minVersion: 'TLSv1.2',
    ...(serverName === undefined ? {} : { servername: serverName }),
  })
}

function checkedSasl(given: unknown): object {
  const { mechanism } = plain('sasl', given, ['mechanism', 'username', 'password', 'token'])
  if (typeof mechanism !== 'string' || !MECHANISMS.includes(mechanism))
    throw new TypeError(`kafka: sasl.mechanism must be one of ${MECHANISMS.join(', ')}`)
  if (mechanism === 'oauthbearer') {
    const { token } = plain('sasl', given, ['mechanism', 'token'])
    if (typeof token !== 'function') throw new TypeError('kafka: sasl.token must be a function')
    const value = async (): Promise<{ value: string }> => ({ value: await (token as () => Promise<string>)() })
    return Object.freeze({ mechanism, oauthBearerProvider: value })
  }
  const { username, password } = plain('sasl', given, ['mechanism', 'username', 'password'])
  if (typeof username !== 'string' || username === '' || typeof password !== 'string' || password === '')
    throw new TypeError('kafka: sasl.username and sasl.password must be strings that are not empty')
  return Object.freeze({ mechanism, username, password })
}

/**
 * The options that a URL spells: `kafka://user:password@one,two:9093/?tls=true&sasl=scram-sha-256&namespace=shop`. `caFile`,
 * `certFile` and `keyFile` are paths of PEM files. Throws a `TypeError` that never shows the URL, which may hold a password.
 */
export function parseUrl(text: string): KafkaOptions {
  const parts = /^kafka:\/\/(?:([^/?#]*)@)?([^/?#@]*)\/?(?:\?([^#]*))?$/i.exec(text)
  if (parts === null)
    throw new TypeError(
      'kafka: a URL is kafka://user:password@host:port/?option=value, several hosts with commas between them',
    )
  const [, credentials, hosts = '', query = ''] = parts
  const options: Record<string, unknown> = { hosts: hosts.split(',').map(parseHost) }
  const tls: Record<string, unknown> = {}
  let secure = false
  let mechanism: string | undefined
  const seen = new Set<string>()
  for (const [key, value] of new URLSearchParams(query)) {
    if (!QUERY.includes(key))
      throw new TypeError(
        `kafka: there is no option ${JSON.stringify(key.slice(0, 64))} in a URL; there are ${QUERY.join(', ')}`,
      )
    if (seen.has(key)) throw new TypeError(`kafka: ${key} is there twice`)
    seen.add(key)
    if (key === 'serverName') tls['serverName'] = value
    else if (key === 'sasl') mechanism = value
    else if (key === 'tls') {
      if (value !== 'true' && value !== 'false') throw new TypeError('kafka: tls must be true or false')
      secure = value === 'true'
    } else if (key.endsWith('File')) tls[key.slice(0, -'File'.length)] = read(key, value)
    else options[key] = NUMBERS.includes(key) && /^\d{1,15}$/.test(value) ? Number(value) : value
  }
  if (!secure && Object.keys(tls).length > 0) throw new TypeError('kafka: certificates need tls=true')
  if (secure) options['tls'] = Object.keys(tls).length === 0 ? true : tls
  if (mechanism === 'oauthbearer') throw new TypeError('kafka: sasl oauthbearer needs kafka({ sasl: { token } })')
  if (credentials !== undefined) {
    const colon = credentials.indexOf(':')
    options['sasl'] = {
      mechanism: mechanism ?? 'plain',
      username: decoded(colon < 0 ? credentials : credentials.slice(0, colon)),
      password: colon < 0 ? '' : decoded(credentials.slice(colon + 1)),
    }
  } else if (mechanism !== undefined) throw new TypeError('kafka: sasl needs a user and a password in the URL')
  return options as unknown as KafkaOptions
}

function parseHost(text: string): Host {
  const parts = /^(?:\[([0-9A-Fa-f:.%]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text)
  if (parts === null) throw new TypeError('kafka: a host is name, name:port or [v6]:port')
  const [, v6, name = '', port] = parts
  return { host: v6 ?? name, ...(port === undefined ? {} : { port: Number(port) }) }
}

function read(key: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new TypeError(`kafka: ${key} can't be read`, { cause })
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new TypeError('kafka: user and password of a URL must be percent-encoded')
  }
}

function plain(what: string, given: unknown, allowed: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new TypeError(`kafka: ${what} must be an object`)
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  for (const [key] of entries) {
    if (!allowed.includes(key))
      throw new TypeError(
        `kafka: ${what}: there is no option ${JSON.stringify(key.slice(0, 64))}; there are ${allowed.join(', ')}`,
      )
  }
  return Object.fromEntries(entries)
}

function textOf(options: Readonly<Record<string, unknown>>, key: string, fallback: string, maxLength: number): string {
  const value = options[key] ?? fallback
  if (typeof value !== 'string' || value.length > maxLength)
    throw new TypeError(`kafka: ${key} must be a string of at most ${maxLength} characters`)
  return value
}

function wholeOf(
  options: Readonly<Record<string, unknown>>,
  key: string,
  fallback: number,
  least: number,
  most: number,
): number {
  const value = options[key] ?? fallback
  if (!isWhole(value, least, most))
    throw new TypeError(
      `kafka: ${key} must be a whole number, at least ${least}${most === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${most}`}`,
    )
  return value
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most
}
