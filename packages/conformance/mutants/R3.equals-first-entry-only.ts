import type { Mutant } from './mutant.ts'
import { filtering } from './kit/filtering.ts'

export const mutant: Mutant = {
  clause: 'R3.equals',
  name: 'only the first entry of a filter counts',
  wrap: filtering(({ match, index }) => (index === 0 ? match : undefined)),
}
