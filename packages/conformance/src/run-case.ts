import type { Broker } from 'anybroker'
import type { Case } from './case.ts'
import { openContext, type OpenContext } from './context.ts'
import type { Harness, Need } from './harness.ts'

/** What became of one case. */
export type CaseResult =
  | { readonly status: 'passed' }
  /** `disturbed`: the broker ended a session on the way, by itself and on purpose. See `Harness.losses`. */
  | { readonly status: 'failed'; readonly error: Error; readonly disturbed: boolean }
  | { readonly status: 'skipped'; readonly reason: string }

/** What a case may take unless it says, before the harness' slowness. It bounds what hangs, on a machine that is busy, too. */
const CASE_TIMEOUT_MS = 30_000

/** Cases that disturb everybody on the broker, or that look at all of it: they run alone. */
const ALONE: readonly Need[] = ['breakConnection', 'restart', 'fill', 'entities']

/** The name under which a case is printed, stored and skipped: `D4: a rejected message …`. */
export function fullName({ clause, name }: Case): string {
  return `${clause}: ${name}`
}

/** Whether a case must run while no other does. */
export function runsAlone({ needs = [] }: Case): boolean {
  return needs.some((need) => ALONE.includes(need))
}

/** How long a case may run on this harness. */
export function timeoutOf({ timeoutMs = CASE_TIMEOUT_MS }: Case, { slowness = 1 }: Harness): number {
  return timeoutMs * Math.max(slowness, 1)
}

/**
 * Why a case is not run here: the harness skips it, lacks what it needs, or its clause is graded so that there is nothing to
 * prove. `undefined` if it is run.
 */
export function skipReason(it: Case, harness: Harness, capabilities: Broker['capabilities']): string | undefined {
  const told = harness.skip?.[fullName(it)] ?? harness.skip?.[it.clause]
  if (told !== undefined) return told
  const applies = it.when === undefined ? gradedAtAll(it, capabilities) : it.when({ capabilities })
  if (applies !== true) return applies
  const lacks = it.needs?.find((need) => harness[need] === undefined)
  return lacks === undefined ? undefined : (harness.absent?.[lacks] ?? `the harness has no ${lacks}`)
}

function gradedAtAll({ clause }: Case, capabilities: Broker['capabilities']): string | true {
  return clause === 'default' || capabilities[clause].grade !== 'none' ? true : `${clause} is graded none`
}

/**
 * Runs one case on a connection of its own, within its time, and closes whatever it opened. Never throws: what goes wrong, also
 * in closing, is the result.
 */
export async function runCase(it: Case, harness: Harness, capabilities: Broker['capabilities']): Promise<CaseResult> {
  const reason = skipReason(it, harness, capabilities)
  if (reason !== undefined) return { status: 'skipped', reason }

  const errors: Error[] = []
  let context: OpenContext | undefined
  try {
    context = await openContext(harness)
    await bounded(it.run(context.t), timeoutOf(it, harness))
  } catch (error) {
    errors.push(error instanceof Error ? error : new Error(`threw ${String(error)}`, { cause: error }))
  }
  errors.push(...((await context?.close()) ?? []))
  const [first] = errors
  if (first === undefined) return { status: 'passed' }
  const error = errors.length === 1 ? first : new AggregateError(errors, first.message)
  return { status: 'failed', error, disturbed: context?.disturbed() ?? false }
}

async function bounded(running: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`the case took longer than ${ms} ms`)), ms)
  })
  try {
    await Promise.race([running, late])
  } finally {
    clearTimeout(timer)
  }
}
