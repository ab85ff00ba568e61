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
 * compares this argument when the queue is declared again, and says what is there. `life` tells this queue from another that had
 * its name before.
 */
export function identityText({ ordering, filter, from }: Identity, life: string): string {
  return `o=${ordering} f=${filter} s=${from} l=${life}`
}

/** What the server said is there, if it said it whole: it cuts its answers at 255 bytes, and our names are short for that. */
export function parseIdentity(text: string): (Identity & { readonly life: string }) | undefined {
  const parts = /current is '?o=(\w+) f=([\w-]+) s=(\w+) l=([\w-]+)'/.exec(text)
  if (parts === null) return undefined
  const [, ordering = '', filter = '', from = '', life = ''] = parts
  return { ordering, filter, from, life }
}

export function differences(there: Identity, asked: Identity): readonly string[] {
  return (['ordering', 'filter', 'from'] as const)
    .filter((what) => there[what] !== asked[what])
    .map((what) => `${what}: there ${there[what]}, asked ${asked[what]}`)
}
