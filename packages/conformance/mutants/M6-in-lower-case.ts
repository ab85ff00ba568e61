import type { Mutant } from './mutant.ts'
import { renaming } from './kit/renaming.ts'

export const mutant: Mutant = {
  clause: 'M6',
  name: 'names are written in lower case',
  wrap: renaming((name) => name.toLowerCase()),
}
