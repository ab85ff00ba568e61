import {
  BrokerError,
  CLAUSE_IDS,
  type Capabilities,
  type Clause,
  type Graded,
  type SendFailure,
} from '@anybroker/driver'

/** What core keeps by itself, whatever the broker: options, settle-once, codecs, aborts, the end of life. */
const CORES_OWN: ReadonlySet<Clause> = new Set<Clause>(['T4', 'D5', 'B4', 'M4', 'M7', 'C2', 'C3'])

/** What core can do where the broker can't: look at a time or at headers before a handler sees the message. */
const CORE_CAN: ReadonlySet<Clause> = new Set<Clause>(['L2', 'R3.equals', 'R3.anyOf', 'R3.prefix', 'R3.exists'])

/**
 * What users see: the driver's grades, with each `none` that core does instead raised to `emulated`. A delayed send is one of
 * them wherever a retry can be delayed: an early message is given back, uncounted, until it is due.
 */
export function raise(capabilities: Capabilities): Capabilities {
  const raised: Record<string, Graded> = {}
  for (const clause of CLAUSE_IDS) {
    const graded: Graded = capabilities[clause]
    raised[clause] =
      graded.grade === 'none' && coreCan(clause, capabilities)
        ? Object.freeze({ ...graded, grade: 'emulated' })
        : graded
  }
  return Object.freeze(raised) as unknown as Capabilities
}

function coreCan(clause: Clause, capabilities: Capabilities): boolean {
  if (clause === 'L1') return capabilities.D2.grade !== 'none' && capabilities.D2.maxMs > 0
  if (clause === 'O2') return capabilities.O1.grade !== 'none'
  return CORES_OWN.has(clause) || CORE_CAN.has(clause)
}

/** Fails at once, with the clause and the broker's name, for what can't be had. */
export function demand(
  capabilities: Capabilities,
  clause: Clause,
  driver: string,
  what: string,
  outcome?: SendFailure,
): void {
  const { grade, note }: Graded = capabilities[clause]
  if (grade !== 'none') return
  const why = note === undefined ? '' : `: ${note}`
  throw new BrokerError('UNSUPPORTED', `${what} is not supported on ${driver} (${clause})${why}`, {
    clause,
    ...(outcome === undefined ? {} : { outcome }),
  })
}
