import type { Headers } from '../message.ts'
import { shown } from './names.ts'
import { utf8Length } from './sizes.ts'

const HEADER_KEY = /^[A-Za-z][A-Za-z0-9_.-]{0,127}$/
const RESERVED = /^(?:ab-|x-|goog|aws|amazon)/i

/** The portable limits (M2). Core enforces them before any I/O; `limits: 'native'` lifts the counts and sizes. */
export const HEADER_LIMITS: {
  readonly maxCount: number
  readonly maxValueBytes: number
  readonly maxTotalBytes: number
} = {
  maxCount: 32,
  maxValueBytes: 1024,
  maxTotalBytes: 8 * 1024,
}

/** No headers. */
export const NO_HEADERS: Headers = Object.freeze(Object.create(null) as Headers)

/** Headers without a prototype, so that `headers.constructor` is a header or nothing, whatever a foreign client sent. */
export function makeHeaders(entries: Iterable<readonly [string, string]>): Headers {
  const headers = Object.create(null) as Record<string, string>
  for (const [key, value] of entries) headers[key] = value
  return headers
}

/**
 * Copies what the application gave into headers, checked by the portable rule. Throws a `TypeError` that names `what`, the header
 * and the rule.
 */
export function checkedHeaders(what: string, given: unknown, limits: 'portable' | 'native' = 'portable'): Headers {
  if (given === undefined) return NO_HEADERS
  const entries = entriesOf(what, given)
  if (entries.length === 0) return NO_HEADERS
  if (limits === 'portable' && entries.length > HEADER_LIMITS.maxCount) {
    throw new TypeError(`${what} must have at most ${HEADER_LIMITS.maxCount} entries; got ${entries.length}`)
  }
  const headers = Object.create(null) as Record<string, string>
  const seen = new Set<string>()
  let total = 0
  for (const [key, value] of entries) {
    assertHeaderKey(what, key)
    if (typeof value !== 'string') throw new TypeError(`${what}.${key} must be a string; got ${shown(value)}`)
    if (!value.isWellFormed())
      throw new TypeError(`${what}.${key} must be well-formed Unicode; it has a lone surrogate`)
    const folded = key.toLowerCase()
    if (seen.has(folded)) throw new TypeError(`${what} must be unique ignoring case; ${key} is there twice`)
    seen.add(folded)
    const bytes = utf8Length(value)
    if (limits === 'portable' && bytes > HEADER_LIMITS.maxValueBytes) {
      throw new TypeError(`${what}.${key} must have at most ${HEADER_LIMITS.maxValueBytes} bytes; got ${bytes}`)
    }
    total += key.length + bytes
    headers[key] = value
  }
  if (limits === 'portable' && total > HEADER_LIMITS.maxTotalBytes) {
    throw new TypeError(`${what} must have at most ${HEADER_LIMITS.maxTotalBytes} bytes in all; got ${total}`)
  }
  return headers
}

/** Checks one header name by the portable rule. Throws a `TypeError` that names `what` and the rule. */
export function assertHeaderKey(what: string, key: unknown): asserts key is string {
  if (typeof key !== 'string' || !HEADER_KEY.test(key)) {
    throw new TypeError(`${what}: a header name must match ${HEADER_KEY.source}; got ${shown(key)}`)
  }
  if (RESERVED.test(key))
    throw new TypeError(`${what}: a header name must not begin with ab-, x-, goog, aws or amazon; got ${shown(key)}`)
}

function entriesOf(what: string, given: unknown): readonly (readonly [unknown, unknown])[] {
  if (given instanceof Map) return [...given]
  if (typeof given === 'object' && given !== null) {
    const prototype: unknown = Object.getPrototypeOf(given)
    // An own `__proto__`, as JSON.parse makes it, stands among the entries and is refused by the rule for keys.
    if (prototype === Object.prototype || prototype === null) return Object.entries(given)
  }
  throw new TypeError(
    `${what} must be a plain object or a Map of strings; got ${Array.isArray(given) ? 'an array' : shown(given)}`,
  )
}
