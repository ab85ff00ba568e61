import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CLAUSES, type Clause } from '@anybroker/driver'
import type { Broker } from 'anybroker'
import { afterAll, beforeAll, describe, test, vi } from 'vitest'
import type { Case } from './case.ts'
import { allCases } from './cases/index.ts'
import type { Harness } from './harness.ts'
import { printed, report } from './report.ts'
import { fullName, runCase, runsAlone, timeoutOf, type CaseResult } from './run-case.ts'

export interface ConformanceOptions {
  /** Default: all. A driver's own cases may be added: `[...allCases, ...mine]`. */
  readonly cases?: readonly Case[]
  /** How many cases run side by side. 1 or more, default 10. */
  readonly maxConcurrency?: number
  /**
   * A file for the result as JSON, written after a complete run, whether it passed or not. Default: `<harness.name>.json` in the
   * directory that the environment variable `ANYBROKER_CONFORMANCE_OUT` names; without it nothing is written. `false`: never.
   */
  readonly out?: string | URL | false
}

/** Connecting twice and closing twice, generously: what a test may take beside the case itself. */
const AROUND_A_CASE_MS = 60_000

/**
 * Registers the contract as vitest cases, grouped and named by clause. Call it at the top level of a test file.
 *
 * Cases run side by side, `maxConcurrency` at a time; those that break the connection, restart the broker or fill it run alone,
 * after the others, unless the harness can give them a broker of their own. On a harness that counts `losses` a case that
 * failed where its broker took a session from it is run again, twice at most, and that is printed. What is skipped is skipped with a reason, and
 * printed with it when the run is over.
 *
 * @example A third party's driver
 * ```ts
 * conformance({
 *   name: 'nats',
 *   connect: (options) => connect(nats({ servers, namespace: `t${process.pid}` }), options),
 *   breakConnection: () => server.closeConnections(),
 * })
 * ```
 */
export function conformance(harness: Harness, options: ConformanceOptions = {}): void {
  const cases = options.cases ?? allCases
  const results = new Map<Case, CaseResult>()
  let probe: Pick<Broker, 'driver' | 'capabilities'> | undefined

  const register = (it: Case) => {
    test(it.name, { timeout: RUNS_AT_MOST * timeoutOf(it, harness) + AROUND_A_CASE_MS }, async ({ skip }) => {
      if (probe === undefined) throw new Error('the suite could not connect')
      const result = await runUndisturbed(it, harness, probe.capabilities)
      results.set(it, result)
      if (result.status === 'skipped') skip(result.reason)
      if (result.status === 'failed') throw result.error
    })
  }

  assertDistinct(cases)
  vi.setConfig({ maxConcurrency: options.maxConcurrency ?? 10 })
  describe(harness.name, () => {
    beforeAll(async () => {
      const broker = await harness.connect()
      probe = { driver: broker.driver, capabilities: broker.capabilities }
      await broker.close({ drainMs: 0 })
    }, AROUND_A_CASE_MS)

    const disturbs = (it: Case) => harness.isolated === undefined && runsAlone(it)
    const together = cases.filter((it) => !disturbs(it))
    const alone = cases.filter(disturbs)
    for (const [clause, group] of byClause(together)) {
      describe.concurrent(titleOf(clause), () => {
        for (const it of group) register(it)
      })
    }
    for (const [clause, group] of byClause(alone)) {
      describe(titleOf(clause), () => {
        for (const it of group) register(it)
      })
    }

    afterAll(async () => {
      await harness.close?.()
      // A run of part of the suite, such as `vitest -t D4`, proves nothing about the rest.
      if (probe === undefined || results.size < cases.length) return
      const proved = report(harness.name, probe, results)
      process.stdout.write(printed(proved))
      const file = outFile(harness, options)
      if (file === undefined) return
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, `${JSON.stringify(proved, null, 2)}\n`)
    }, AROUND_A_CASE_MS)
  })
}

/**
 * What a clause promises for a run without faults can't be proved in one with. On a broker that ends sessions by itself and on
 * purpose (`harness.losses`), a case that failed where it lost one is run again, so often at most. Nothing else is an excuse:
 * neither what the case broke, nor a lease that ran out, nor what the service may repeat (Q4).
 */
const RUNS_AT_MOST = 3

async function runUndisturbed(it: Case, harness: Harness, capabilities: Broker['capabilities']): Promise<CaseResult> {
  for (let run = 1; ; run += 1) {
    const result = await runWhereItMay(it, harness, capabilities)
    if (result.status !== 'failed' || !result.disturbed || run === RUNS_AT_MOST) return result
    process.stdout.write(`${harness.name}: run again, it lost a session: ${fullName(it)}: ${result.error.message}\n`)
  }
}

/** On a broker of its own, if the case disturbs others and the harness has one to give. */
async function runWhereItMay(it: Case, harness: Harness, capabilities: Broker['capabilities']): Promise<CaseResult> {
  const own = runsAlone(it) ? harness.isolated?.() : undefined
  const result = await runCase(it, own ?? harness, capabilities)
  await own?.close?.()
  return result
}

function byClause(cases: readonly Case[]): ReadonlyMap<Case['clause'], readonly Case[]> {
  return Map.groupBy(cases, (it) => it.clause)
}

function titleOf(clause: Clause | 'default'): string {
  return clause === 'default' ? 'defaults' : `${clause} · ${CLAUSES[clause].title}`
}

function outFile({ name }: Harness, { out }: ConformanceOptions): string | undefined {
  if (out === false) return undefined
  if (out !== undefined) return typeof out === 'string' ? out : fileURLToPath(out)
  const directory = process.env['ANYBROKER_CONFORMANCE_OUT']
  return directory === undefined || directory === '' ? undefined : join(directory, `${name}.json`)
}

/** A skip, a result and a report name a case by its full name alone. */
function assertDistinct(cases: readonly Case[]): void {
  const seen = new Set<string>()
  for (const name of cases.map(fullName)) {
    if (seen.has(name)) throw new TypeError(`two conformance cases are named ${name}`)
    seen.add(name)
  }
}
