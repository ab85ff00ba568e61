import { readFile } from 'node:fs/promises'
import { CLAUSES, CLAUSE_IDS, ERROR_CODES } from '@anybroker/driver'
import { expect, it } from 'vitest'

const text = await readFile(new URL('../../docs/contract.md', import.meta.url), 'utf8')

it('docs/contract.md has each clause once, and no other', () => {
  const written = [...text.matchAll(/^- \*\*([A-Z]\d+)\*\* /gm)].map(([, id]) => id)
  // `R3.prefix` is a part of R3, and stands in its text.
  const clauses = new Set(CLAUSE_IDS.map((id) => id.replace(/\..*/, '')))
  expect(new Set(written)).toEqual(clauses)
  expect(written).toHaveLength(clauses.size)
})

it('names each part of a clause that is graded alone', () => {
  const parts = CLAUSE_IDS.filter((id) => id.includes('.'))
  expect(parts.filter((id) => !text.includes(`\`${id}\``))).toEqual([])
})

it('says which clauses may be none', () => {
  const said = /Only ([\w, ]+) may be `none`/.exec(text)?.[1]?.split(', ') ?? []
  const may = CLAUSE_IDS.filter((id) => CLAUSES[id].may === 'be none')
  expect(may.filter((id) => !said.some((group) => id.startsWith(group)))).toEqual([])
  const must = CLAUSE_IDS.filter((id) => CLAUSES[id].may === 'not be none')
  expect(
    must.filter((id) => said.some((group) => id === group || (group.length === 1 && id.startsWith(group)))),
  ).toEqual([])
})

it('has a row for each error code, in the order of the list', () => {
  const rows = [...text.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code)
  expect(rows).toEqual([...ERROR_CODES])
})
