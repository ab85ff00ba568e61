const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,62}[A-Za-z0-9]$/
const RESERVED = /^(?:goog|aws|amq)/i
const KEY = /^[!-~]{1,128}$/
const ID = /^[A-Za-z0-9_-]{1,128}$/

/** What a value looks like in an error: type and length, never the whole, control characters escaped. */
export function shown(value: unknown): string {
  if (typeof value !== 'string') return value === null ? 'null' : typeof value
  const cut = value.length > 64 ? `${value.slice(0, 64)}…` : value
  return `${JSON.stringify(cut)} (${value.length} characters)`
}

/** Checks the portable rule for names (M6). Throws a `TypeError` that names `what` and the rule. */
export function assertName(what: string, name: unknown): asserts name is string {
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new TypeError(
      `${what} must have 2 to 64 of A-Z a-z 0-9 _ -, begin with a letter and end with a letter or digit; got ${shown(name)}`,
    )
  }
  if (RESERVED.test(name)) throw new TypeError(`${what} must not begin with goog, aws or amq; got ${shown(name)}`)
}

/** Checks an ordering key: 1 to 128 printable ASCII characters, no spaces (what an SQS message group takes). */
export function assertKey(what: string, key: unknown): asserts key is string {
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw new TypeError(`${what} must have 1 to 128 printable ASCII characters without spaces; got ${shown(key)}`)
  }
}

/** Checks a message id or dedup id. */
export function assertId(what: string, id: unknown): asserts id is string {
  if (typeof id !== 'string' || !ID.test(id)) {
    throw new TypeError(`${what} must have 1 to 128 of A-Z a-z 0-9 _ -; got ${shown(id)}`)
  }
}
