/** Options of `sqsSns()`. Endpoint, region and credentials are none: the AWS variables and the provider chain have them. */
export interface SqsSnsOptions {
  /** Begins every name in the account. 1 to 32 of `A-Z a-z 0-9 _ -`, beginning with a letter or digit. Default `ab`. */
  readonly namespace?: string
  /**
   * How long creating a queue or a subscription waits before it resolves, because what is new is not in force at once.
   * 0 to 60,000 ms, default 1,000.
   */
  readonly readyMs?: number
}

/** All options, checked, with their defaults. */
export interface Settings {
  readonly namespace: string
  readonly readyMs: number
  /** Where the environment names one. Otherwise the SDK finds the endpoint of the region. */
  readonly endpoints: { readonly sqs?: string; readonly sns?: string }
}

type Environment = Readonly<Record<string, string | undefined>>

const ALLOWED = ['namespace', 'readyMs']
const NAMESPACE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/
const MOST_READY_MS = 60_000
const READY_MS = 1_000

/** A checked and frozen copy, with the endpoints that the environment names now. Throws a `TypeError` that names what is wrong. */
export function checked(given: SqsSnsOptions = {}, environment: Environment = process.env): Settings {
  const options: unknown = given
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new TypeError('sqs-sns: options must be an object')
  for (const key of Object.keys(options)) {
    if (!ALLOWED.includes(key)) throw new TypeError(`sqs-sns: ${unknownOption(key)}`)
  }
  const { namespace = 'ab', readyMs = READY_MS } = given
  if (typeof namespace !== 'string' || !NAMESPACE.test(namespace))
    throw new TypeError('sqs-sns: namespace must have 1 to 32 of A-Z a-z 0-9 _ - and begin with a letter or digit')
  if (!Number.isInteger(readyMs) || readyMs < 0 || readyMs > MOST_READY_MS)
    throw new TypeError(`sqs-sns: readyMs must be a whole number from 0 to ${MOST_READY_MS}`)
  return Object.freeze({ namespace, readyMs, endpoints: Object.freeze(endpointsOf(environment)) })
}

/**
 * The options that a URL spells: `sqs-sns:?namespace=shop`. Throws a `TypeError` that never shows the URL: somebody may have put
 * credentials there.
 */
export function parseUrl(text: string): SqsSnsOptions {
  const parts = /^sqs-sns:(?:\/\/)?\/?(?:\?([^#]*))?$/i.exec(text)
  if (parts === null) {
    throw new TypeError(
      'sqs-sns: a URL is sqs-sns: or sqs-sns:?namespace=shop; endpoint, region and credentials are in AWS_ENDPOINT_URL, AWS_REGION and the credential provider chain',
    )
  }
  const options: Record<string, unknown> = {}
  for (const [key, value] of new URLSearchParams(parts[1])) {
    if (!ALLOWED.includes(key)) throw new TypeError(`sqs-sns: a URL: ${unknownOption(key)}`)
    if (Object.hasOwn(options, key)) throw new TypeError(`sqs-sns: ${key} is there twice`)
    options[key] = key === 'readyMs' && /^\d{1,9}$/.test(value) ? Number(value) : value
  }
  return options
}

function unknownOption(key: string): string {
  return `there is no option ${JSON.stringify(key.slice(0, 64))}; there are ${ALLOWED.join(', ')}`
}

/** The official variables, in the official order. */
function endpointsOf(environment: Environment): { sqs?: string; sns?: string } {
  const endpoints: { sqs?: string; sns?: string } = {}
  if (environment['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']?.toLowerCase() === 'true') return endpoints
  for (const service of ['sqs', 'sns'] as const) {
    for (const variable of [`AWS_ENDPOINT_URL_${service.toUpperCase()}`, 'AWS_ENDPOINT_URL']) {
      const value = environment[variable]
      if (value === undefined || value === '') continue
      if (!isHttpUrl(value)) throw new TypeError(`sqs-sns: ${variable} must be a URL with http: or https:`)
      endpoints[service] = value
      break
    }
  }
  return endpoints
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}
