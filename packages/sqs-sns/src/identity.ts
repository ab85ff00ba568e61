import { createHash } from 'node:crypto'
import { canonicalFilter, type EntitySettings } from '@anybroker/driver'
import { FILTER_TAG, FROM_TAG } from './tags.ts'

/** What a subscription is besides its name and mode. */
export interface Identity {
  readonly filter: string
  readonly from: string
}

type Tags = Readonly<Record<string, string>>

const HASH_LENGTH = 16

export function identityOf({ filter, from = 'now' }: EntitySettings): Identity {
  const canonical = canonicalFilter(filter)
  const hashed = createHash('sha256').update(canonical).digest('hex').slice(0, HASH_LENGTH)
  return { filter: canonical === '' ? 'none' : hashed, from }
}

export function identityTags({ filter, from }: Identity): Tags {
  return { [FILTER_TAG]: filter, [FROM_TAG]: from }
}

/** What the tags of a queue say differently. A tag that is missing says nothing: an operator may have made the queue. */
export function differences(tags: Tags, asked: Identity): readonly string[] {
  const there = { filter: tags[FILTER_TAG] ?? asked.filter, from: tags[FROM_TAG] ?? asked.from }
  return (['filter', 'from'] as const)
    .filter((what) => there[what] !== asked[what])
    .map((what) => `${what}: there ${there[what]}, asked ${asked[what]}`)
}
