import { createHash } from 'node:crypto'
import { canonicalFilter, type EntityRef, type EntitySettings } from '@anybroker/driver'

/** What an entity is, kept at the server: see `Identity.text`. */
export interface Identity {
  readonly ordering: string
  readonly filter: string
  readonly from: string
}

const HASH_LENGTH = 16

export function identityOf(ref: EntityRef, { filter, from = 'now' }: EntitySettings): Identity {
  const canonical = canonicalFilter(filter)
  const hashed = createHash('sha256').update(canonical).digest('base64url').slice(0, HASH_LENGTH)
  return { ordering: ref.ordering, filter: canonical === '' ? 'none' : hashed, from }
}

/**
 * As it is written into the dead-letter routing key of the dead-letter queue, which nothing ever leaves by that way: RabbitMQ
 * compares this argument when the queue is declared again, and says what is there.
 */
export function identityText({ ordering, filter, from }: Identity): string {
  return `o=${ordering} f=${filter} s=${from}`
}

/** What the server said is there, if it said it whole: it cuts its answers at 255 bytes. */
export function parseIdentity(text: string): Identity | undefined {
  const parts = /current is '?o=(\w+) f=([\w-]+) s=(\w+)'/.exec(text)
  if (parts === null) return undefined
  const [, ordering = '', filter = '', from = ''] = parts
  return { ordering, filter, from }
}

export function differences(there: Identity, asked: Identity): readonly string[] {
  return (['ordering', 'filter', 'from'] as const)
    .filter((what) => there[what] !== asked[what])
    .map((what) => `${what}: there ${there[what]}, asked ${asked[what]}`)
}

/** Every other identity that can be told apart without knowing the filter: to find out what is there where the answer was cut. */
export function neighbours({ ordering, filter, from }: Identity): readonly Identity[] {
  const other = ordering === 'key' ? 'none' : 'key'
  const later = from === 'now' ? 'earliest' : 'now'
  return [
    { ordering: other, filter, from },
    { ordering, filter, from: later },
    { ordering: other, filter, from: later },
  ]
}
