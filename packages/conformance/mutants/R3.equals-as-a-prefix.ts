import type { HeaderMatch } from '@anybroker/driver'
import type { Mutant } from './mutant.ts'
import { filtering } from './kit/filtering.ts'

export const mutant: Mutant = {
  clause: 'R3.equals',
  name: 'equal is taken for a prefix',
  wrap: filtering(({ match }): HeaderMatch | undefined => (typeof match === 'string' ? { prefix: match } : match)),
}
