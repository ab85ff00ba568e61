import type { HeaderMatch } from '@anybroker/driver'
import type { Mutant } from './mutant.ts'
import { filtering } from './kit/filtering.ts'

export const mutant: Mutant = {
  clause: 'R3.equals',
  name: 'a filter by equality keeps everything',
  wrap: filtering(({ match }): HeaderMatch | undefined => (typeof match === 'string' ? undefined : match)),
}
