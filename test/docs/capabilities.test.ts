import { readFile } from 'node:fs/promises'
import { allCases, fullName, type Report } from '@anybroker/conformance'
import { CLAUSE_IDS } from '@anybroker/driver'
import { describe, expect, it } from 'vitest'
import { README, readResults, table, withTable } from './capabilities.ts'
import { declared } from './declared.ts'

const results = await readResults()

describe('the table of capabilities', () => {
  it('in README.md is that of the checked-in results: run `pnpm docs:capabilities`', async () => {
    const readme = await readFile(README, 'utf8')
    expect(readme).toBe(withTable(readme, table(results)))
  })

  it('shows grade, proof and what the last run proved', () => {
    const made: Report = {
      name: 'some-broker',
      driver: 'some',
      capabilities: {
        Q1: { grade: 'native', proof: 'engine' },
        D7: { grade: 'emulated', proof: 'script' },
        E1: { grade: 'none', proof: 'vendor' },
      },
      cases: [
        { clause: 'Q1', name: 'a', status: 'passed' },
        { clause: 'Q1', name: 'b', status: 'failed' },
        { clause: 'Q1', name: 'c', status: 'skipped', reason: 'slow' },
        { clause: 'E1', name: 'd', status: 'passed' },
      ],
    }
    const lines = table([made]).split('\n')
    const cellOf = (clause: string) =>
      lines
        .find((line) => line.startsWith(`| ${clause} `))
        ?.split('|')[3]
        ?.trim()
    expect(cellOf('Q1')).toBe('native 1/2 ✗')
    expect(cellOf('D7')).toBe('emulated (script)')
    expect(cellOf('E1')).toBe('none (vendor) 1/1')
  })

  it('refuses a README without its markers', () => {
    expect(() => withTable('# anybroker', '')).toThrow('capabilities:begin')
  })
})

describe.each(results.map((result) => [result.name, result] as const))('the results of %s', (name, result) => {
  it('are those of the grades that its driver declares', () => {
    const capabilities = declared[name]?.()
    expect(capabilities, `test/docs/declared.ts does not know ${name}`).toBeDefined()
    for (const clause of CLAUSE_IDS) {
      const told = capabilities?.[clause].grade
      // Core raises a `none` that it can do by itself.
      const possible = told === 'none' ? ['none', 'emulated'] : [told]
      expect(possible, `${clause} of ${name}`).toContain(result.capabilities[clause]?.grade)
    }
  })

  it('hold no failure', () => {
    expect(result.cases.filter(({ status }) => status === 'failed')).toEqual([])
  })

  it('are those of all present cases: an older run proves nothing about the newer ones', () => {
    const stored = result.cases.map((each) => `${each.clause}: ${each.name}`)
    expect(stored.toSorted()).toEqual(allCases.map(fullName).toSorted())
  })
})
