import { CLAUSES, CLAUSE_IDS, type Clause } from './clauses.ts'

/** `native`: the broker does it. `emulated`: our code does it, same outcome. `none`: asking for it is `UNSUPPORTED`. */
export type Grade = 'native' | 'emulated' | 'none'

/**
 * What stands behind a grade: the suite on a real broker or emulator, recorded answers of the real service, or its documentation
 * alone.
 */
export type Proof = 'engine' | 'script' | 'vendor'

export interface Graded {
  readonly grade: Grade
  readonly proof: Proof
  /** One sentence for the docs: how, or why not. */
  readonly note?: string
}

/** The limits that a grade may carry, for those clauses that have some. Times in milliseconds, sizes in bytes. */
export interface Limits {
  Q1: { readonly maxConsumers?: number }
  Q2: { readonly retentionMs?: number; readonly maxBytes?: number }
  Q4: { readonly duplicates: 'none' | 'rare' | 'rebalance' }
  S1: { readonly readyMs?: number }
  S2: { readonly retentionMs?: number }
  /** How long after a crash something of an ephemeral subscription may be left. */
  E2: { readonly maxMs?: number }
  /** What a settle promise follows: the broker's word, the client's acceptance, or the socket. */
  D1: { readonly evidence: 'confirmed' | 'accepted' | 'written' }
  /**
   * Core holds retries up to `holdMaxMs` in hand and leaves longer ones to the driver, up to `maxMs`. `block: true` where the
   * driver can make a key wait for a retry (`order: 'block'`), so that ordered retries need not all be held in hand.
   */
  D2: {
    readonly holdMaxMs: number
    readonly maxMs: number
    readonly granularityMs?: number
    readonly block: boolean
  }
  /** `slack`: with `ceiling`, how many takes that no handler saw may be counted before a message is dead-lettered unseen. */
  D3: { readonly attempt: 'exact' | 'floor' | 'ceiling'; readonly slack?: number }
  D7: { readonly maxMs?: number }
  O1: { readonly partitions?: number; readonly maxConsumers?: number }
  /** Bodies as this broker takes them; the portable limit is core's. */
  M1: { readonly maxBytes: number }
  L1: { readonly maxMs?: number; readonly granularityMs?: number }
  L3: { readonly windowMs?: number }
  R1: { readonly retentionMs?: number; readonly maxBytes?: number }
  R2: { readonly retentionMs?: number; readonly maxBytes?: number }
}

/** A grade and limits per clause: constant data that users, core, the suite and the README's table read. */
export type Capabilities = { readonly [C in Clause]: Graded & (C extends keyof Limits ? Limits[C] : unknown) }

type WithLimits = { readonly [C in keyof Limits as object extends Limits[C] ? never : C]: Capabilities[C] }

/**
 * Capabilities from what differs: every clause that is not named gets `rest`. Frozen.
 *
 * @example A driver that leaves to core what core can do
 * ```ts
 * const capabilities = declare({ grade: 'none', proof: 'engine' }, { ...mine })
 * ```
 */
export function declare(rest: Graded, named: Partial<Capabilities> & WithLimits): Capabilities {
  const all: Record<string, Graded> = {}
  for (const clause of CLAUSE_IDS) all[clause] = Object.freeze({ ...(named[clause] ?? rest) })
  return Object.freeze(all) as unknown as Capabilities
}

/** The clauses that may not be `none` and are. Empty for a driver that is one. */
export function lacking(capabilities: Capabilities): readonly Clause[] {
  return CLAUSE_IDS.filter((clause) => CLAUSES[clause].may === 'not be none' && capabilities[clause].grade === 'none')
}
