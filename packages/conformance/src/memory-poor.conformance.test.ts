import { memoryHarness } from '../mutants/memory-harness.ts'
import { poorMemory } from '../mutants/poor-memory.ts'
import { conformance } from './conformance.ts'

conformance(memoryHarness({ name: 'memory-poor', wrap: poorMemory }), { maxConcurrency: 25, out: false })
