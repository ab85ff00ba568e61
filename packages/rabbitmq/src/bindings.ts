import type { Filter } from '@anybroker/driver'

/** More bindings than that cost every publish; the rest of the filter is then left to core. */
const MOST_BINDINGS = 64

/**
 * The header matches of a filter as arguments of bindings to a headers exchange, of which any one must match. What it can't
 * compare (prefix, exists) is left out, and with it what would take too many bindings: core looks at the whole filter again.
 */
export function bindingsOf(filter: Filter): readonly Readonly<Record<string, string>>[] {
  let bindings: Readonly<Record<string, string>>[] = [{}]
  for (const [key, match] of Object.entries(filter)) {
    const values = typeof match === 'string' ? [match] : Array.isArray(match) ? (match as readonly string[]) : []
    const distinct = [...new Set(values)]
    if (distinct.length === 0 || bindings.length * distinct.length > MOST_BINDINGS) continue
    bindings = bindings.flatMap((binding) => distinct.map((value) => ({ ...binding, [key]: value })))
  }
  return bindings
}
