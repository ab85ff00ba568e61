import { createHash } from 'node:crypto'
import { canonicalFilter, type EntityRef, type EntitySettings } from '@anybroker/driver'

/** What an entity is, in the labels of its topic or subscription: the service takes `a-z 0-9 _ -`, 63 characters. */
export interface Identity {
  readonly ordering: string
  readonly filter: string
  readonly from: string
}

export type Labels = Readonly<Record<string, string>>

const HASH_LENGTH = 16
const PREFIX = 'ab-'
const PARTS = ['ordering', 'filter', 'from'] as const

export function identityOf(ref: EntityRef, { filter, from = 'now' }: EntitySettings): Identity {
  const canonical = canonicalFilter(filter)
  const hashed = createHash('sha256').update(canonical).digest('hex').slice(0, HASH_LENGTH)
  return { ordering: ref.ordering, filter: canonical === '' ? 'none' : hashed, from }
}

export function identityLabels(kind: string, identity: Identity): Labels {
  return { 'ab-kind': kind, ...Object.fromEntries(PARTS.map((part) => [PREFIX + part, identity[part]])) }
}

/** What the labels say differently. A label that is missing says nothing: an operator may have made the entity. */
export function differences(labels: Labels | null | undefined, asked: Identity): readonly string[] {
  return PARTS.flatMap((part) => {
    const there = labels?.[PREFIX + part] ?? asked[part]
    return there === asked[part] ? [] : [`${part}: there ${there}, asked ${asked[part]}`]
  })
}
