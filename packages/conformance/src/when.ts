import type { Clause } from '@anybroker/driver'
import type { Case } from './case.ts'

type When = NonNullable<Case['when']>

/** Only where this clause is graded `none`: for the case that proves `UNSUPPORTED`. */
export function whenNone(clause: Clause): When {
  return ({ capabilities }) => {
    const { grade } = capabilities[clause]
    return grade === 'none' || `graded ${grade}, nothing to refuse`
  }
}

/** Only where none of these clauses is graded `none`: for a case that needs more than its own clause. */
export function whenAll(...clauses: readonly [Clause, ...Clause[]]): When {
  return ({ capabilities }) => {
    const missing = clauses.find((clause) => capabilities[clause].grade === 'none')
    return missing === undefined || `${missing} is graded none`
  }
}
