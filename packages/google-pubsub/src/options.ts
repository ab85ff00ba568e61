/** Options of `googlePubsub()`. Credentials are none: Google's application default credentials have them. */
export interface GooglePubsubOptions {
  /** The project. Default: `GOOGLE_CLOUD_PROJECT`, else what the credentials say. */
  readonly projectId?: string
  /**
   * Begins every name in the project. 1 to 32 of `A-Z a-z 0-9 _ -`, beginning with a letter, and not with `goog`. Default `ab`.
   */
  readonly namespace?: string
  /**
   * Acks are confirmed by the service, and what was acked in time is not delivered again. Slower, within one region, and fixed when a
   * queue or subscription is created. Default false.
   */
  readonly exactlyOnce?: boolean
  /** `host:port` of Google's emulator. Default: `PUBSUB_EMULATOR_HOST`. */
  readonly emulatorHost?: string
  /** An emulator loses everything when it ends, so it is refused where `NODE_ENV` is `production`, unless this is true. */
  readonly allowEmulator?: boolean
}

/** All options, checked, with their defaults. */
export interface Settings {
  readonly projectId: string | undefined
  readonly namespace: string
  readonly exactlyOnce: boolean
  readonly emulator: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

const ALLOWED = ['projectId', 'namespace', 'exactlyOnce', 'emulatorHost', 'allowEmulator']
const QUERY = ['namespace', 'exactlyOnce', 'emulatorHost', 'allowEmulator']
const NAMESPACE = /^[A-Za-z][A-Za-z0-9_-]{0,31}$/
/** `example.com:project` is how projects of a domain are spelled. */
const PROJECT = /^(?:[a-z0-9.-]{1,100}:)?[a-z0-9][a-z0-9-]{0,62}$/
const HOST = /^(?:https?:\/\/)?([A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):(\d{1,5})$/

/** A checked and frozen copy, with what the environment says now. Throws a `TypeError` that names the option and the rule. */
export function checked(given: GooglePubsubOptions = {}, environment: Environment = process.env): Settings {
  const options: unknown = given
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new TypeError('google-pubsub: options must be an object')
  for (const key of Object.keys(options)) {
    if (!ALLOWED.includes(key)) throw new TypeError(`google-pubsub: ${unknownOption(key, ALLOWED)}`)
  }
  const { namespace = 'ab', exactlyOnce = false, allowEmulator = false } = given
  for (const [key, value] of [
    ['exactlyOnce', exactlyOnce],
    ['allowEmulator', allowEmulator],
  ] as const) {
    if (typeof value !== 'boolean') throw new TypeError(`google-pubsub: ${key} must be true or false`)
  }
  if (typeof namespace !== 'string' || !NAMESPACE.test(namespace) || /^goog/i.test(namespace)) {
    throw new TypeError(
      'google-pubsub: namespace must have 1 to 32 of A-Z a-z 0-9 _ -, begin with a letter, and not with goog',
    )
  }
  const projectId = given.projectId ?? named(environment['GOOGLE_CLOUD_PROJECT'])
  if (projectId !== undefined && (typeof projectId !== 'string' || !PROJECT.test(projectId)))
    throw new TypeError('google-pubsub: projectId must be the id of a project, of a-z 0-9 and -')
  const emulator = emulatorOf(given.emulatorHost, environment)
  if (emulator !== undefined && environment['NODE_ENV'] === 'production' && !allowEmulator) {
    throw new TypeError(
      'google-pubsub: an emulator is named by emulatorHost or PUBSUB_EMULATOR_HOST while NODE_ENV is production; it keeps nothing. Set allowEmulator to use it all the same',
    )
  }
  if (emulator !== undefined && projectId === undefined)
    throw new TypeError('google-pubsub: an emulator needs a projectId, any will do')
  return Object.freeze({ projectId, namespace, exactlyOnce, emulator })
}

/**
 * The options that a URL spells: `google-pubsub://project?namespace=shop`. Throws a `TypeError` that never shows the URL: somebody may
 * have put credentials there.
 */
export function parseUrl(text: string): GooglePubsubOptions {
  const parts = /^google-pubsub:(?:\/\/([^/?#@]*))?\/?(?:\?([^#]*))?$/i.exec(text)
  if (parts === null) {
    throw new TypeError(
      'google-pubsub: a URL is google-pubsub://project?namespace=shop; credentials are found as Google finds application default credentials',
    )
  }
  const [, project = '', query = ''] = parts
  const options: Record<string, unknown> = project === '' ? {} : { projectId: project }
  for (const [key, value] of new URLSearchParams(query)) {
    if (!QUERY.includes(key)) throw new TypeError(`google-pubsub: a URL: ${unknownOption(key, QUERY)}`)
    if (Object.hasOwn(options, key)) throw new TypeError(`google-pubsub: ${key} is there twice`)
    options[key] = value === 'true' || value === 'false' ? value === 'true' : value
  }
  return options
}

function emulatorOf(given: unknown, environment: Environment): string | undefined {
  const what = given === undefined ? 'PUBSUB_EMULATOR_HOST' : 'emulatorHost'
  const host = given ?? named(environment['PUBSUB_EMULATOR_HOST'])
  if (host === undefined) return undefined
  const parts = typeof host === 'string' ? HOST.exec(host) : null
  if (parts === null || Number(parts[2]) > 65_535) throw new TypeError(`google-pubsub: ${what} must be host:port`)
  return `${parts[1]}:${parts[2]}`
}

function named(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}

function unknownOption(key: string, allowed: readonly string[]): string {
  return `there is no option ${JSON.stringify(key.slice(0, 64))}; there are ${allowed.join(', ')}`
}
