import type { HeaderMatch } from '@anybroker/driver'
import type { Mutant } from './mutant.ts'
import { filtering } from './kit/filtering.ts'

export const mutant: Mutant = {
  clause: 'R3.anyOf',
  name: 'a filter by several values keeps everything',
  wrap: filtering(({ match }): HeaderMatch | undefined => (Array.isArray(match) ? undefined : match)),
}
