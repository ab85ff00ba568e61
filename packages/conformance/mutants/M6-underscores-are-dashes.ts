import type { Mutant } from './mutant.ts'
import { renaming } from './kit/renaming.ts'

export const mutant: Mutant = {
  clause: 'M6',
  name: 'what the broker can not spell becomes a dash, and two names one',
  wrap: renaming((name) => name.replaceAll(/_+/g, '-').replaceAll(/-+/g, '-')),
}
