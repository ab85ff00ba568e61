import type { Case } from '../case.ts'
import { consuming } from './defaults/consuming.ts'
import { entities } from './defaults/entities.ts'
import { life } from './defaults/life.ts'
import { sending } from './defaults/sending.ts'

/** Every row of the contract's table of defaults, each with a case of its own. */
export const cases: readonly Case[] = [...consuming, ...sending, ...entities, ...life]
