import { BrokerError, CLAUSE_IDS, type Capabilities, type Clause, declare, type Graded } from '@anybroker/driver'
import { describe, expect, it } from 'vitest'
import { demand, raise } from './capabilities.ts'

const NONE = { grade: 'none', proof: 'vendor', note: 'the broker has none' } as const
const NATIVE = { grade: 'native', proof: 'engine' } as const

function bare(over: Partial<Record<Clause, Graded>> = {}, maxMs = 0): Capabilities {
  return declare(NONE, {
    Q4: { ...NATIVE, duplicates: 'none' },
    D1: { ...NATIVE, evidence: 'confirmed' },
    D2: { ...NATIVE, holdMaxMs: 0, maxMs, block: false },
    D3: { ...NATIVE, attempt: 'exact' },
    M1: { ...NATIVE, maxBytes: 1 },
    ...over,
  } as Parameters<typeof declare>[1])
}
const gradesOf = (capabilities: Capabilities) =>
  CLAUSE_IDS.filter((clause) => capabilities[clause].grade === 'emulated')

describe('raise', () => {
  it('raises what core does whatever the broker, and nothing else', () => {
    expect(gradesOf(raise(bare()))).toEqual(
      CLAUSE_IDS.filter((clause) =>
        ['T4', 'D5', 'B4', 'M4', 'M7', 'C2', 'C3', 'L2', 'R3.equals', 'R3.anyOf', 'R3.prefix', 'R3.exists'].includes(
          clause,
        ),
      ),
    )
  })

  it('raises a delayed send where a retry can be delayed, and a blocked key where there is order', () => {
    expect(raise(bare({}, 1_000)).L1.grade).toBe('emulated')
    expect(raise(bare()).L1.grade).toBe('none')
    expect(raise(bare({ O1: NATIVE })).O2.grade).toBe('emulated')
    expect(raise(bare()).O2.grade).toBe('none')
    // A copy at the tail is the driver's or nobody's.
    expect(raise(bare({ O1: NATIVE })).O3.grade).toBe('none')
  })

  it('lowers nothing, keeps limits and notes, and freezes', () => {
    const given = bare({ L2: NATIVE, L3: { ...NATIVE, windowMs: 5 } as Graded })
    const raised = raise(given)
    expect(raised.L2).toBe(given.L2)
    expect(raised.L3).toEqual({ ...NATIVE, windowMs: 5 })
    expect(raised['R3.prefix']).toEqual({ ...NONE, grade: 'emulated' })
    expect(Object.isFrozen(raised)).toBe(true)
    expect(given['R3.prefix'].grade).toBe('none')
    expect(raise(raised)).toEqual(raised)
  })
})

describe('demand', () => {
  it('fails with clause, broker and reason for what can not be had, and passes the rest', () => {
    let error: unknown
    try {
      demand(bare(), 'A6', 'rabbitmq', 'list')
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(BrokerError)
    expect(error).toMatchObject({ code: 'UNSUPPORTED', clause: 'A6' })
    expect((error as Error).message).toBe('list is not supported on rabbitmq (A6): the broker has none')
    expect(() => demand(bare(), 'M1', 'rabbitmq', 'send')).not.toThrow()
  })
})
