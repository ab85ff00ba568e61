import type { Filter, HeaderMatch } from '../filter.ts'
import type { Headers } from '../message.ts'
import { assertHeaderKey } from './header-rules.ts'
import { shown } from './names.ts'

/** The operators of R3, as the capabilities spell them. */
export type FilterOperator = 'equals' | 'anyOf' | 'prefix' | 'exists'

/** Whether headers match every entry of a filter. */
export function matches(filter: Filter, headers: Headers): boolean {
  for (const key in filter) {
    const match = filter[key]
    if (match !== undefined && !matchesOne(match, headers[key])) return false
  }
  return true
}

function matchesOne(match: HeaderMatch, value: string | undefined): boolean {
  if (typeof match === 'string') return value === match
  if ('exists' in match) return (value !== undefined) === match.exists
  if (value === undefined) return false
  return 'prefix' in match ? value.startsWith(match.prefix) : match.includes(value)
}

export function operatorOf(match: HeaderMatch): FilterOperator {
  if (typeof match === 'string') return 'equals'
  if ('prefix' in match) return 'prefix'
  return 'exists' in match ? 'exists' : 'anyOf'
}

/** A checked and frozen copy of a filter. Throws a `TypeError` that names `what` and the rule. */
export function checkedFilter(what: string, given: unknown): Filter {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError(`${what} must be a plain object of header matches; got ${shown(given)}`)
  }
  const filter = Object.create(null) as Record<string, HeaderMatch>
  for (const [key, match] of Object.entries(given)) {
    assertHeaderKey(what, key)
    filter[key] = checkedMatch(`${what}.${key}`, match)
  }
  return Object.freeze(filter)
}

function checkedMatch(what: string, match: unknown): HeaderMatch {
  if (isValue(match)) return match
  if (Array.isArray(match) && match.length > 0 && match.every(isValue)) return Object.freeze([...match])
  if (typeof match === 'object' && match !== null && Object.keys(match).length === 1) {
    if ('prefix' in match && isValue(match.prefix)) return Object.freeze({ prefix: match.prefix })
    if ('exists' in match && typeof match.exists === 'boolean') return Object.freeze({ exists: match.exists })
  }
  throw new TypeError(`${what} must be a string, a list of strings, { prefix } or { exists }`)
}

function isValue(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed()
}

/** One spelling for equal filters, so that what is kept at the broker can be compared as text. Empty for no filter. */
export function canonicalFilter(filter: Filter | undefined): string {
  if (filter === undefined) return ''
  const keys = Object.keys(filter).toSorted()
  if (keys.length === 0) return ''
  return JSON.stringify(
    keys.map((key) => {
      const match = filter[key]
      return [key, Array.isArray(match) ? (match as readonly string[]).toSorted() : match]
    }),
  )
}
