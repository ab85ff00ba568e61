import type { Mutant } from './mutant.ts'
import { renaming } from './kit/renaming.ts'

export const mutant: Mutant = {
  clause: 'M6',
  name: 'names are cut to 60 characters, without a hash of what was cut',
  wrap: renaming((name) => name.slice(0, 60)),
}
