import { CLAUSE_IDS, type Graded } from '@anybroker/driver'
import type { Broker } from 'anybroker'
import type { Case } from './case.ts'
import type { CaseResult } from './run-case.ts'

/** What one run proved. Stable: the same run of the same suite gives the same bytes, so that it can be checked in. */
export interface Report {
  /** The harness: `memory`, `rabbitmq-4`. */
  readonly name: string
  /** The driver, as errors and docs spell it. */
  readonly driver: string
  /** Grades and limits, as the connection had them. */
  readonly capabilities: Readonly<Record<string, Graded>>
  readonly cases: readonly ReportedCase[]
}

export interface ReportedCase {
  readonly clause: Case['clause']
  readonly name: string
  readonly status: CaseResult['status']
  /** Why it was skipped. */
  readonly reason?: string
}

/** A report of what was run. */
export function report(
  name: string,
  broker: Pick<Broker, 'driver' | 'capabilities'>,
  results: ReadonlyMap<Case, CaseResult>,
): Report {
  const cases = [...results].map(([{ clause, name: sentence }, result]): ReportedCase => ({
    clause,
    name: sentence,
    status: result.status,
    ...(result.status === 'skipped' ? { reason: result.reason } : {}),
  }))
  cases.sort((one, other) => place(one.clause) - place(other.clause) || (one.name < other.name ? -1 : 1))
  return { name, driver: broker.driver, capabilities: { ...broker.capabilities }, cases }
}

/** In the order of the contract, defaults last. */
function place(clause: Case['clause']): number {
  return clause === 'default' ? CLAUSE_IDS.length : CLAUSE_IDS.indexOf(clause)
}

/** For people: one line per reason to skip, with how many of which clause; then one line for all. */
export function printed({ name, cases }: Report): string {
  const skipped = Map.groupBy(
    cases.filter(({ reason }) => reason !== undefined),
    ({ reason }) => reason,
  )
  const skips = [...skipped].map(([reason, of]) => `${name}: skipped, ${reason}: ${counted(of)}\n`)
  const many = (status: CaseResult['status']) => cases.filter((each) => each.status === status).length
  return `${skips.join('')}${name}: ${many('passed')} passed, ${many('failed')} failed, ${many('skipped')} skipped\n`
}

/** `D7, E1 ×2`. */
function counted(of: readonly ReportedCase[]): string {
  const byClause = Map.groupBy(of, ({ clause }) => clause)
  return [...byClause].map(([clause, { length }]) => (length === 1 ? clause : `${clause} ×${length}`)).join(', ')
}
