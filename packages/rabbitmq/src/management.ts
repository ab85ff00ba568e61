import { BrokerError } from '@anybroker/driver'
import { unavailable } from './errors.ts'

/** Where the management API is, and who asks. Frozen; the credentials stand in no URL and in no message. */
export interface ManagementSettings {
  /** With a slash at its end. */
  readonly base: string
  readonly username: string
  readonly password: string
}

/** Of one answer: the API's own bound. */
const PAGE_SIZE = 500

/** The user of AMQP, who is asked for where `management` names none. */
export interface AmqpUser {
  readonly username: string
  readonly password: string
  readonly auth: 'plain' | 'external'
  /** Whether AMQP goes over TLS. */
  readonly secure: boolean
}

/** The option `management`, checked: http or https, without query. Throws a `TypeError` that never shows it. */
export function managementSettings(
  given: unknown,
  { username, password, auth, secure }: AmqpUser,
): ManagementSettings | undefined {
  if (given === undefined) return undefined
  const rule = 'rabbitmq: management must be the URL of the management API, such as http://mq-1:15672'
  const parsed = typeof given === 'string' ? URL.parse(given) : null
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || parsed.search !== '' || parsed.hash !== '')
    throw new TypeError(rule)
  const own = parsed.username !== ''
  if (!own && auth === 'external')
    throw new TypeError('rabbitmq: with auth external, management needs a user in its URL')
  if (!own && secure && parsed.protocol === 'http:')
    throw new TypeError('rabbitmq: with TLS, management must be https: or have a user of its own in its URL')
  const path = parsed.pathname.endsWith('/') ? parsed.pathname : `${parsed.pathname}/`
  return Object.freeze({
    base: `${parsed.protocol}//${parsed.host}${path}`,
    username: own ? decoded(parsed.username, rule) : username,
    password: own ? decoded(parsed.password, rule) : password,
  })
}

/** The lists of RabbitMQ's management API, a page at a time. Its deadline is the signal's. */
export class Management {
  readonly #settings: ManagementSettings
  readonly #vhost: string

  constructor(settings: ManagementSettings, vhost: string) {
    this.#settings = settings
    this.#vhost = vhost
  }

  /** All whose name matches a regular expression of Erlang, with these columns. What they hold is the server's word: check it. */
  async list(
    what: 'queues' | 'exchanges',
    pattern: string,
    columns: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const found: Readonly<Record<string, unknown>>[] = []
    for (let page = 1, pages = 1; page <= pages; page++) {
      const query = new URLSearchParams({
        page: String(page),
        page_size: String(PAGE_SIZE),
        name: pattern,
        use_regex: 'true',
        columns: columns.join(','),
        disable_stats: 'true',
      })
      const answer = await this.#get(`api/${what}/${encodeURIComponent(this.#vhost)}?${query.toString()}`, signal)
      const { items, page_count: count } = answer as { readonly items?: unknown; readonly page_count?: unknown }
      if (!Array.isArray(items) || typeof count !== 'number') throw this.#wrong('it answered with no page of a list')
      found.push(...items.filter(isRecord))
      pages = count
    }
    return found
  }

  async #get(path: string, signal: AbortSignal): Promise<object> {
    const { base, username, password } = this.#settings
    const authorization = `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`
    let response: Response
    let body: unknown
    try {
      // Another host must not get the credentials.
      response = await fetch(`${base}${path}`, {
        headers: { authorization, accept: 'application/json' },
        redirect: 'error',
        signal,
      })
      body = response.ok ? await response.json() : await response.body?.cancel()
    } catch (error) {
      signal.throwIfAborted()
      throw unavailable(`the management API at ${this.#host} did not answer`, 'message', error)
    }
    if (response.ok) return isRecord(body) ? body : {}
    const { status } = response
    if (status === 401 || status === 403) {
      const why = 'the user needs a tag of it, such as management, and rights in the vhost'
      throw new BrokerError('UNAUTHORIZED', `the management API at ${this.#host} refused the user (${status}): ${why}`)
    }
    if (status === 404)
      throw new BrokerError('NOT_FOUND', `the management API at ${this.#host} knows no such vhost (404)`)
    throw this.#wrong(`it answered with status ${status}`)
  }

  #wrong(what: string): BrokerError {
    return unavailable(`the management API at ${this.#host}: ${what}`, 'message')
  }

  get #host(): string {
    return new URL(this.#settings.base).host
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function decoded(text: string, rule: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new TypeError(`${rule}; its user and password must be percent-encoded`)
  }
}
