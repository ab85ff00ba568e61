import type { Filter, HeaderMatch } from '@anybroker/driver'
import { PACKED } from './attributes.ts'

/** Of SNS: keys of one policy, `ab-packed` included; values multiplied over its keys. */
const MOST_KEYS = 5
const MOST_COMBINATIONS = 150

/** `$or` is only taken for one where none of these stands as a key within it. */
const KEYWORDS: ReadonlySet<string> = new Set([
  'anything-but',
  'cidr',
  'equals-ignore-case',
  'exists',
  'numeric',
  'prefix',
  'suffix',
  'wildcard',
])

/** The longest value that a policy compares; longer ones are left to core. */
const MOST_VALUE_LENGTH = 256

/**
 * As much of a filter as SNS can apply, as its policy on attributes; undefined where that is nothing. It lets through all that
 * matches, and more: a message whose headers are packed, and what further keys would refuse. Core looks again.
 *
 * @example `{ region: 'eu' }`
 * ```json
 * { "$or": [{ "region": ["eu"] }, { "ab-packed": [{ "exists": true }] }] }
 * ```
 */
export function filterPolicy(filter: Filter | undefined): string | undefined {
  const seen: Record<string, readonly unknown[]> = {}
  let keys = 1
  let combinations = 1
  for (const [name, match] of Object.entries(filter ?? {})) {
    const conditions = conditionsOf(match)
    if (conditions === undefined || KEYWORDS.has(name) || name === PACKED) continue
    if (keys === MOST_KEYS || combinations * conditions.length > MOST_COMBINATIONS) continue
    keys += 1
    combinations *= conditions.length
    seen[name] = conditions
  }
  if (keys === 1) return undefined
  return JSON.stringify({ $or: [seen, { [PACKED]: [{ exists: true }] }] })
}

function conditionsOf(match: HeaderMatch): readonly unknown[] | undefined {
  // What an attribute can't be is packed, and comes anyway; a policy that asks for it would be refused.
  if (typeof match === 'string') return match === '' || match.length > MOST_VALUE_LENGTH ? undefined : [match]
  // Of a message without any attributes SNS does not say that one is missing.
  if ('exists' in match) return match.exists ? [{ exists: true }] : undefined
  if ('prefix' in match) {
    if (match.prefix.length > MOST_VALUE_LENGTH) return undefined
    return [match.prefix === '' ? { exists: true } : { prefix: match.prefix }]
  }
  const values = [...new Set(match)].filter((value) => value !== '')
  return values.length === 0 || values.some((value) => value.length > MOST_VALUE_LENGTH) ? undefined : values
}
