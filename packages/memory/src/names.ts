import type { Ref, SourceRef } from '@anybroker/driver'

/** An entity as errors spell it. Logical names are used as they are: maps need no spelling of their own (M6). */
export function described(ref: Ref | SourceRef): string {
  switch (ref.kind) {
    case 'queue':
    case 'topic':
      return `${ref.kind} ${ref.name}`
    case 'subscription':
      return `subscription ${ref.topic}/${ref.name}`
    case 'dead-letters':
      return `dead letters of ${described(ref.of)}`
    case 'inbox':
      return `inbox ${ref.address ?? '(its own)'}`
  }
}
