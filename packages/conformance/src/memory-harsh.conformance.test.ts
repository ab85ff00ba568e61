import { memoryHarness } from '../mutants/memory-harness.ts'
import { conformance } from './conformance.ts'

conformance(memoryHarness({ profile: 'harsh' }), { maxConcurrency: 25 })
