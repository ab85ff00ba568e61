import type { SourceRef } from '@anybroker/driver'
import { isEphemeral, type Names } from './names.ts'

/** The topics of a source and the group that reads them. */
export interface SourceTopics {
  readonly group: string
  readonly topics: readonly string[]
  /** Where its retries go, if it has a topic for them. */
  readonly retry?: string
  /** That of its topics which others read, too. */
  readonly shared?: string
}

export function readsOf(names: Names, ref: SourceRef): SourceTopics {
  switch (ref.kind) {
    case 'queue':
      return { group: names.base(ref), topics: [names.base(ref), names.retry(ref)], retry: names.retry(ref) }
    case 'subscription': {
      const shared = names.topicOf(ref)
      if (isEphemeral(ref)) return { group: '', topics: [shared], shared }
      return { group: names.base(ref), topics: [shared, names.retry(ref)], retry: names.retry(ref), shared }
    }
    case 'dead-letters':
      return { group: names.dead(ref.of), topics: [names.dead(ref.of)] }
    case 'inbox':
      return { group: '', topics: [names.replies], shared: names.replies }
  }
}
