import type { HeaderMatch } from '@anybroker/driver'
import type { Mutant } from './mutant.ts'
import { filtering } from './kit/filtering.ts'

export const mutant: Mutant = {
  clause: 'R3.prefix',
  name: 'of a prefix only the first character counts',
  wrap: filtering(({ match }): HeaderMatch | undefined =>
    typeof match === 'object' && 'prefix' in match ? { prefix: match.prefix.slice(0, 1) } : match,
  ),
}
