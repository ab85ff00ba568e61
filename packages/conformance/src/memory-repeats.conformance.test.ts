import { memoryHarness } from '../mutants/memory-harness.ts'
import { repeating } from '../mutants/repeating.ts'
import { showingLate } from '../mutants/showing-late.ts'
import { conformance } from './conformance.ts'

/** By how many chances it is run; more by hand: `SEEDS=20 pnpm test:unit memory-repeats`. */
const SEEDS = Number(process.env['SEEDS'] ?? 3)

// Proves the cases, not the engine: on a service that grades Q4 so, none of them may count on what it does not promise.
for (let seed = 1; seed <= SEEDS; seed += 1) {
  const harness = memoryHarness({
    name: `memory-repeats-${seed}`,
    profile: 'harsh',
    seed,
    wrap: (driver) => repeating(showingLate(driver, { seed, withinMs: 80 }), { seed, oneIn: 2, withinMs: 200 }),
  })
  conformance(harness, { maxConcurrency: 40, out: false })
}
