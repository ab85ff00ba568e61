// Grades and the last results of the conformance suite, as the table in README.md. `pnpm docs:capabilities` writes it.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { CLAUSE_IDS, CLAUSES, type Clause } from '@anybroker/driver'
// The type alone: the package itself registers test cases, and there is no test runner here.
import type { Report } from '@anybroker/conformance'

export const README: URL = new URL('../../README.md', import.meta.url)
export const RESULTS: URL = new URL('../../packages/conformance/results/', import.meta.url)

const BEGIN = '<!-- capabilities:begin -->'
const END = '<!-- capabilities:end -->'

const LEGEND = `native: the broker does it. emulated: our code does it, same outcome. none: asking for it fails at once with
\`UNSUPPORTED\`. In brackets what proves it where that is not the suite on a real broker: \`script\`, recorded answers of the
service; \`vendor\`, its documentation alone. The number: cases of the clause that passed in the last run, of those that ran.`

/** The checked-in results, by the name of the harness. */
export async function readResults(from: URL = RESULTS): Promise<readonly Report[]> {
  const files = (await readdir(from)).filter((file) => file.endsWith('.json'))
  const names = files.map((file) => file.slice(0, -'.json'.length)).toSorted()
  return Promise.all(
    names.map(async (name) => JSON.parse(await readFile(new URL(`${name}.json`, from), 'utf8')) as Report),
  )
}

/** One row per clause and one for the defaults, one column per result. */
export function table(results: readonly Report[]): string {
  const head = ['clause', '', ...results.map(({ name }) => name)]
  const rows = CLAUSE_IDS.map((clause) => [clause, CLAUSES[clause].title, ...results.map((each) => cell(each, clause))])
  rows.push(['', 'the table of defaults', ...results.map((each) => proved(each, 'default').join(' '))])
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    `| ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

/** `native 4/4`, `emulated (script) 2/2`, `native 3/4 ✗`, `none 1/1`. Without a number where no case ran. */
function cell(result: Report, clause: Clause): string {
  const graded = result.capabilities[clause]
  if (graded === undefined) return '?'
  const proof = graded.proof === 'engine' ? [] : [`(${graded.proof})`]
  return [graded.grade, ...proof, ...proved(result, clause)].join(' ')
}

function proved({ cases }: Report, clause: Clause | 'default'): readonly string[] {
  const ran = cases.filter((each) => each.clause === clause && each.status !== 'skipped')
  const passed = ran.filter(({ status }) => status === 'passed').length
  if (ran.length === 0) return []
  return [`${passed}/${ran.length}`, ...(passed < ran.length ? ['✗'] : [])]
}

/** The same text with the table between its markers. Throws where there are none. */
export function withTable(readme: string, content: string): string {
  const begin = readme.indexOf(BEGIN)
  const end = readme.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`README.md must hold ${BEGIN} and, after it, ${END}`)
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${content}\n\n${LEGEND}\n\n${readme.slice(end)}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const results = await readResults()
  await writeFile(README, withTable(await readFile(README, 'utf8'), table(results)))
  process.stdout.write(`README.md: ${CLAUSE_IDS.length} clauses, ${results.map(({ name }) => name).join(', ')}\n`)
}
