import { memoryHarness } from '../mutants/memory-harness.ts'
import { repeating } from '../mutants/repeating.ts'
import { conformance } from './conformance.ts'

const seed = Number(process.env['SEED'] ?? 1)
const oneIn = Number(process.env['ONE_IN'] ?? 2)
const withinMs = Number(process.env['WITHIN'] ?? 200)
conformance(
  memoryHarness({
    name: 'repeats',
    profile: 'harsh',
    seed,
    wrap: (driver) => repeating(driver, { seed, oneIn, withinMs }),
  }),
  { maxConcurrency: 40, out: false },
)
