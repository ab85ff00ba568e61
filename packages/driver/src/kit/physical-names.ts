import { createHash } from 'node:crypto'

/** How one broker spells names. */
export interface Spelling {
  /**
   * A character that logical names can't hold, such as `.`, or `_-` where the broker has nothing but `A-Za-z0-9_-`: then `_` is
   * doubled in every part, and a single `_` before `-` can only be a separator.
   */
  readonly separator: '.' | '_-'
  /** Longer names end in a hash instead of their tail, and are not reversible: keep the logical name in a tag beside them. */
  readonly maxLength: number
}

const HASH_LENGTH = 12

/**
 * One name of several logical parts. Injective: different parts never give the same name (below the limit by construction, above
 * it by 60 bits of SHA-256).
 */
export function joinName(parts: readonly string[], { separator, maxLength }: Spelling): string {
  const escaped = separator === '_-' ? parts.map((part) => part.replaceAll('_', '__')) : parts
  const whole = escaped.join(separator)
  if (whole.length <= maxLength) return whole
  const hash = createHash('sha256').update(whole).digest('base64url').replaceAll(/[-_]/g, '0').slice(0, HASH_LENGTH)
  return `${whole.slice(0, maxLength - HASH_LENGTH - separator.length)}${separator}${hash}`
}

/** The parts again; of a hashed name whatever is left of them. */
export function splitName(name: string, separator: Spelling['separator']): readonly string[] {
  if (separator === '.') return name.split('.')
  return (name.match(/(?:__|_(?!-)|[^_])+/g) ?? []).map((part) => part.replace(/^-/, '').replaceAll('__', '_'))
}
