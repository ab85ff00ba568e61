import type { Case } from '../case.ts'

/** Every case of the contract, by clause. A new file of cases is imported here and nowhere else. */
export const allCases: readonly Case[] = []
