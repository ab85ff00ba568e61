import type { BadInput, BadInputBroker } from './bad-inputs/bad-input.ts'
import { BODIES } from './bad-inputs/bodies.ts'
import { FIELDS } from './bad-inputs/fields.ts'
import { HEADERS } from './bad-inputs/headers.ts'
import { NAMES } from './bad-inputs/names.ts'
import { OPTIONS } from './bad-inputs/options.ts'

/**
 * The catalogue of what a broker object must refuse before anything reaches its driver. The list is a floor: a new kind of misuse
 * belongs here, and every broker is then tried with it.
 */
export const BAD_INPUTS: readonly BadInput<BadInputBroker>[] = [...NAMES, ...BODIES, ...HEADERS, ...FIELDS, ...OPTIONS]

export * from './bad-inputs/bad-input.ts'
export * from './bad-inputs/connects.ts'
export * from './bad-inputs/in-hand.ts'
export * from './bad-inputs/odd-inputs.ts'
