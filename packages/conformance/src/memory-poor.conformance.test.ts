import { CLAUSE_IDS, CLAUSES, type Capabilities, type Driver } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import { memoryHarness } from '../mutants/memory-harness.ts'
import { conformance } from './conformance.ts'

/** The memory engine without whatever a driver may lack: proves that what is not there is refused, and that the rest stands. */
const poor = (driver: Driver): Driver =>
  wrapDriver(driver, {
    capabilities: (all) => {
      const less = CLAUSE_IDS.filter((clause) => CLAUSES[clause].may === 'be none').map((clause) => {
        return [clause, { ...all[clause], grade: 'none' }] as const
      })
      return { ...all, ...Object.fromEntries(less) } as Capabilities
    },
    admin: (inner) => override(inner, { depth: undefined, peek: undefined, purge: undefined, seek: undefined }),
    topology: (inner) => override(inner, { list: undefined }),
  })

conformance(memoryHarness({ name: 'memory-poor', wrap: poor }), { out: false })
