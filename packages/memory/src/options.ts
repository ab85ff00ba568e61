/**
 * Options of `memory()`. All of them are fixed when the store is made: where several connections share a named store, each must
 * give the same or leave an option out.
 */
export interface MemoryOptions {
  /**
   * Which store: all drivers of one process that name the same one share it, for as long as the process lives. 1 to 64 of
   * `A-Z a-z 0-9 _ - .`, beginning with a letter or digit. Default: a store of this driver alone, which a reconnect finds again.
   */
  readonly name?: string
  /** Entities of other namespaces of the store are not seen. Spelled as `name`. Default: the namespace without a name. */
  readonly namespace?: string
  /**
   * Room for everything that waits or is in hand, in bytes: bodies and headers once, however many subscriptions share them, and
   * 128 for each entry. When it is full, sends are refused until a tenth is free. 4,096 to 2^40, default 268,435,456 (256 MiB).
   */
  readonly maxBytes?: number
  /**
   * `reference` (default): every clause at its best. `harsh`: the worst that a broker may do and still keep the contract; see the
   * driver's page.
   */
  readonly profile?: 'reference' | 'harsh'
  /** What the harsh profile draws its chances from; equal seeds, equal misfortune. 0 to 2^32 - 1, default 1. Only with `harsh`. */
  readonly seed?: number
  /** How long a `dedupId` is remembered. 1 to 86,400,000, default 300,000 (5 min). */
  readonly dedupWindowMs?: number
  /**
   * How much of the end of each topic is kept for `seek` and `earliest`, in bytes, apart from `maxBytes`; at most 7 days of it.
   * 1,024 to 2^40, default 16,777,216 (16 MiB).
   */
  readonly topicLogBytes?: number
  /** Remember what was published and settled, the last 10,000 each, for `inspect`. Holds on to bodies: for tests. Default false. */
  readonly record?: boolean
}

/** All options, with their defaults. */
export type Settings = Required<Omit<MemoryOptions, 'name' | 'namespace'>>

export const DEFAULTS: Settings = Object.freeze({
  maxBytes: 256 * 1024 * 1024,
  profile: 'reference',
  seed: 1,
  dedupWindowMs: 300_000,
  topicLogBytes: 16 * 1024 * 1024,
  record: false,
})

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/
const RANGES = {
  maxBytes: [4096, 2 ** 40],
  seed: [0, 2 ** 32 - 1],
  dedupWindowMs: [1, 86_400_000],
  topicLogBytes: [1024, 2 ** 40],
} as const satisfies Partial<Record<keyof Settings, readonly [number, number]>>
const QUERY = ['namespace', ...Object.keys(DEFAULTS)]
const ALLOWED = ['name', ...QUERY]

/** A checked and frozen copy, of what was given only. Throws a `TypeError` that names the option and the rule. */
export function checked(given: MemoryOptions): MemoryOptions {
  if (typeof given !== 'object' || given === null)
    throw new TypeError(`memory: options must be an object; got ${show(given)}`)
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as MemoryOptions
  for (const key of Object.keys(options)) {
    if (!ALLOWED.includes(key))
      throw new TypeError(`memory: there is no option ${show(key)}; there are ${ALLOWED.join(', ')}`)
  }
  for (const key of ['name', 'namespace'] as const) {
    const value: unknown = options[key]
    if (value !== undefined && (typeof value !== 'string' || !NAME.test(value))) {
      throw new TypeError(
        `memory: ${key} must have 1 to 64 of A-Z a-z 0-9 _ - . and begin with a letter or digit; got ${show(value)}`,
      )
    }
  }
  for (const [key, [least, most]] of Object.entries(RANGES)) {
    const value: unknown = options[key as keyof typeof RANGES]
    if (value !== undefined && !(Number.isInteger(value) && Number(value) >= least && Number(value) <= most)) {
      throw new TypeError(`memory: ${key} must be a whole number from ${least} to ${most}; got ${show(value)}`)
    }
  }
  const { profile, record, seed } = options as { readonly [K in keyof MemoryOptions]: unknown }
  if (profile !== undefined && profile !== 'reference' && profile !== 'harsh') {
    throw new TypeError(`memory: profile must be reference or harsh; got ${show(profile)}`)
  }
  if (record !== undefined && typeof record !== 'boolean') {
    throw new TypeError(`memory: record must be true or false; got ${show(record)}`)
  }
  if (seed !== undefined && profile !== 'harsh') {
    throw new TypeError('memory: seed is for profile=harsh; the reference profile leaves nothing to chance')
  }
  return Object.freeze(options)
}

/**
 * The options that a URL spells: `memory:`, `memory:orders-test`, `memory:?profile=harsh&seed=7`. Throws a `TypeError` that names
 * what is wrong with it.
 */
export function parseUrl(text: string): MemoryOptions {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'memory:') throw new TypeError(`memory: a URL must begin with memory:; got ${show(text)}`)
  if (url.host !== '' || url.pathname.startsWith('/') || url.hash !== '') {
    throw new TypeError(`memory: a URL is memory:, memory:name or memory:name?option=value; got ${show(text)}`)
  }
  const options: Record<string, unknown> = {}
  if (url.pathname !== '') options['name'] = url.pathname
  for (const [key, value] of url.searchParams) {
    if (!QUERY.includes(key)) {
      throw new TypeError(`memory: there is no option ${show(key)} in a URL; there are ${QUERY.join(', ')}`)
    }
    if (key in options) throw new TypeError(`memory: ${key} is there twice`)
    options[key] = key in RANGES ? wholeNumber(value) : key === 'record' ? flag(value) : value
  }
  return checked(options)
}

/** The number, or the text itself where it spells none, for `checked` to refuse. */
function wholeNumber(text: string): unknown {
  return /^\d{1,16}$/.test(text) ? Number(text) : text
}

function flag(text: string): unknown {
  return text === 'true' ? true : text === 'false' ? false : text
}

function show(value: unknown): string {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 64)) : value === null ? 'null' : typeof value
}
