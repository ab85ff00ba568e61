import type { HeaderMatch } from '@anybroker/driver'
import type { Mutant } from './mutant.ts'
import { filtering } from './kit/filtering.ts'

export const mutant: Mutant = {
  clause: 'R3.exists',
  name: 'that a header is absent is not asked for',
  wrap: filtering(({ match }): HeaderMatch | undefined =>
    typeof match === 'object' && 'exists' in match && !match.exists ? undefined : match,
  ),
}
