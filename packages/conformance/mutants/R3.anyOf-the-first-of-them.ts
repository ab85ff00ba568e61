import type { HeaderMatch } from '@anybroker/driver'
import type { Mutant } from './mutant.ts'
import { filtering } from './kit/filtering.ts'

export const mutant: Mutant = {
  clause: 'R3.anyOf',
  name: 'of several values only the first is kept',
  wrap: filtering(({ match }): HeaderMatch | undefined => (Array.isArray(match) ? match.slice(0, 1) : match)),
}
