import type { HeaderMatch } from '@anybroker/driver'
import type { Mutant } from './mutant.ts'
import { filtering } from './kit/filtering.ts'

export const mutant: Mutant = {
  clause: 'R3.prefix',
  name: 'a prefix is taken for the whole value',
  wrap: filtering(({ match }): HeaderMatch | undefined =>
    typeof match === 'object' && 'prefix' in match ? match.prefix : match,
  ),
}
