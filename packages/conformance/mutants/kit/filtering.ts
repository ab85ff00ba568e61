import type { EntitySettings, Filter, HeaderMatch } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from '../mutant.ts'

/** One entry of a filter, and where it stands. */
interface FilterEntry {
  readonly match: HeaderMatch
  readonly index: number
}

/** A driver that keeps other filters than it is given: each entry as `change` gives it, or without it. */
export function filtering(change: (entry: FilterEntry) => HeaderMatch | undefined): NonNullable<Mutant['wrap']> {
  const changed = ({ filter, ...settings }: EntitySettings): EntitySettings => {
    if (filter === undefined) return settings
    const entries = Object.entries(filter).flatMap(([key, match], index) => {
      const instead = change({ match, index })
      return instead === undefined ? [] : [[key, instead] as const]
    })
    return { ...settings, filter: Object.fromEntries(entries) satisfies Filter }
  }
  return (driver) =>
    wrapDriver(driver, {
      topology: (inner) =>
        override(inner, { ensure: (ref, settings, signal) => inner.ensure(ref, changed(settings), signal) }),
    })
}
