// `pnpm bench memory`: all cases of one broker beside their yard-sticks. Rounds are interleaved (every case once, then every case
// again), each case runs in a process of its own. Ratios decide; absolute figures are those of one machine at one time.
import { fork } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Measured } from './bench.ts'
import { brokers } from './brokers/index.ts'
import { parseOptions, UsageError, type Options } from './options.ts'
import { markdown, summarize } from './table.ts'

/** A case that takes longer is stuck. */
const CASE_MS = 300_000

try {
  await main(parseOptions(process.argv.slice(2), Object.keys(brokers)))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(error.message)
  process.exitCode = 2
}

async function main({ broker, rounds, messages, json }: Options): Promise<void> {
  const bench = await brokers[broker]?.()
  if (bench === undefined) return
  const rows = bench.cases.map(({ name }) => ({ name, rounds: [] as Measured[] }))
  for (let round = 1; round <= rounds; round++) {
    for (const row of rows) {
      console.error(`round ${round} of ${rounds}: ${row.name}`)
      row.rounds.push(await measure(broker, row.name, messages))
    }
  }
  const cases = summarize(rows, bench.yardstick)
  console.log(`${broker}, Node ${process.versions.node}, ${messages} messages, ${rounds} rounds\n`)
  console.log(markdown(cases, bench.yardstick))
  if (json === undefined) return
  const { node } = process.versions
  await writeFile(
    json,
    `${JSON.stringify({ broker, node, messages, rounds, yardstick: bench.yardstick, cases }, null, 2)}\n`,
  )
}

function measure(broker: string, name: string, messages: number): Promise<Measured> {
  return new Promise((resolve, reject) => {
    let measured: Measured | undefined
    const child = fork(join(import.meta.dirname, 'child.ts'), [broker, name, String(messages)], { timeout: CASE_MS })
    child.on('message', (message) => {
      measured = message as Measured
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (measured !== undefined) resolve(measured)
      else reject(new Error(`"${name}" ended with ${signal ?? `exit code ${code}`} and without a result`))
    })
  })
}
