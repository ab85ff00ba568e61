import { readdir } from 'node:fs/promises'
import { CLAUSE_IDS, CLAUSES, declare, type Capabilities, type Clause } from '@anybroker/driver'
import { memory } from '@anybroker/memory'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { kill, type Verdict } from '../mutants/kill.ts'
import type { Mutant } from '../mutants/mutant.ts'
import { allCases } from './cases/index.ts'
import { skipReason } from './run-case.ts'

const MUTANTS = new URL('../mutants/', import.meta.url)
/** Not mutants, but what they are made with. */
const BESIDE = ['kill.ts', 'memory-harness.ts', 'mutant.ts', 'poor-memory.ts', 'repeating.ts', 'showing-late.ts']

const mutants = await gather()
const verdicts: Verdict[] = []

vi.setConfig({ maxConcurrency: 16 })

describe.concurrent('every wrong driver fails a case that is named after its clause', () => {
  for (const mutant of mutants) {
    it(`${mutant.clause} · ${mutant.name}`, { timeout: 60_000 }, async () => {
      const verdict = await kill(mutant, allCases)
      verdicts.push(verdict)
      expect(verdict.killer, `none of ${verdict.ran} cases of ${mutant.clause} fails on it`).toBeDefined()
    })
  }
  afterAll(() => void process.stdout.write(table(verdicts)))
})

describe('every clause', () => {
  it.each(CLAUSE_IDS)('%s has at least two cases and one wrong driver', (clause) => {
    expect(allCases.filter((each) => each.clause === clause).length).toBeGreaterThanOrEqual(2)
    expect(mutants.filter((each) => each.clause === clause).length).toBeGreaterThanOrEqual(1)
  })

  it.each(CLAUSE_IDS.filter((id) => CLAUSES[id].may === 'be none'))('%s has a case for the grade none', (clause) => {
    const harness = { name: 'none', connect: () => Promise.reject(new Error('nothing is run')) }
    const everything = memory().capabilities
    const applies = (capabilities: Capabilities) =>
      allCases.filter(
        (each) => each.clause === clause && skipReason({ ...each, needs: [] }, harness, capabilities) === undefined,
      )
    const onlyThen = applies(without(clause, everything)).filter((each) => !applies(everything).includes(each))
    expect(onlyThen.length).toBeGreaterThanOrEqual(1)
  })
})

function without(clause: Clause, all: Capabilities): Capabilities {
  return declare({ grade: 'none', proof: 'engine' }, { ...all, [clause]: { ...all[clause], grade: 'none' } })
}

/** Every file beside this one that exports `mutant` or `mutants`. */
async function gather(): Promise<readonly Mutant[]> {
  const files = (await readdir(MUTANTS)).filter((file) => file.endsWith('.ts') && !BESIDE.includes(file))
  const modules = await Promise.all(
    files.toSorted().map(async (file) => {
      const module = (await import(new URL(file, MUTANTS).href)) as { mutant?: Mutant; mutants?: readonly Mutant[] }
      const found = [...(module.mutant ? [module.mutant] : []), ...(module.mutants ?? [])]
      if (found.length === 0) throw new Error(`mutants/${file} exports neither mutant nor mutants`)
      return found
    }),
  )
  return modules.flat()
}

function table(of: readonly Verdict[]): string {
  const lines = of
    .toSorted((one, other) => CLAUSE_IDS.indexOf(one.mutant.clause) - CLAUSE_IDS.indexOf(other.mutant.clause))
    .map(
      ({ mutant, killer }) =>
        `${mutant.clause} · ${mutant.name}\n    ${killer ? `killed by ${killer.name}` : 'LIVES'}\n`,
    )
  const killed = of.filter(({ killer }) => killer !== undefined).length
  return `${lines.join('')}${killed} of ${of.length} mutants killed\n`
}
