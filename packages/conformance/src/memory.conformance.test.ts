import { memoryHarness } from '../mutants/memory-harness.ts'
import { conformance } from './conformance.ts'

conformance(memoryHarness(), { maxConcurrency: 25 })
