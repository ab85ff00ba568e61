import type { HeaderMatch } from '@anybroker/driver'
import type { Mutant } from './mutant.ts'
import { filtering } from './kit/filtering.ts'

/** Something: whatever begins with a character of ASCII, as the values of the suite do. */
const NOT_EMPTY: HeaderMatch = { prefix: 'y' }

export const mutant: Mutant = {
  clause: 'R3.exists',
  name: 'present means present and not empty',
  wrap: filtering(({ match }): HeaderMatch | undefined =>
    typeof match === 'object' && 'exists' in match && match.exists ? NOT_EMPTY : match,
  ),
}
