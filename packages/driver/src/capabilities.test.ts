import { describe, expect, it } from 'vitest'
import { declare, lacking, type Capabilities } from './capabilities.ts'
import { CLAUSE_IDS, CLAUSES } from './clauses.ts'

const NATIVE = { grade: 'native', proof: 'engine' } as const
const limits = {
  Q4: { ...NATIVE, duplicates: 'none' },
  D1: { ...NATIVE, evidence: 'confirmed' },
  D2: { ...NATIVE, holdMaxMs: 0, maxMs: 0, block: false },
  D3: { ...NATIVE, attempt: 'exact' },
  M1: { ...NATIVE, maxBytes: 1 },
} satisfies Partial<Capabilities>

describe('declare', () => {
  it('grades every clause, what is not named by the rest, and freezes all of it', () => {
    const capabilities = declare({ grade: 'none', proof: 'vendor' }, { ...limits, Q1: { ...NATIVE, maxConsumers: 3 } })
    expect(Object.keys(capabilities).toSorted()).toEqual([...CLAUSE_IDS].toSorted())
    expect(capabilities.Q1).toEqual({ ...NATIVE, maxConsumers: 3 })
    expect(capabilities.A6).toEqual({ grade: 'none', proof: 'vendor' })
    expect(Object.isFrozen(capabilities)).toBe(true)
    expect(CLAUSE_IDS.every((clause) => Object.isFrozen(capabilities[clause]))).toBe(true)
  })
})

describe('lacking', () => {
  it('names what may not be none and is', () => {
    expect(lacking(declare(NATIVE, limits))).toEqual([])
    const bare = lacking(declare({ grade: 'none', proof: 'engine' }, limits))
    expect(bare).toContain('Q1')
    expect(bare).not.toContain('A6')
    expect(bare.every((clause) => CLAUSES[clause].may === 'not be none')).toBe(true)
  })
})
