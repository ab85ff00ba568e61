import type { Case } from '../src/case.ts'
import { fullName, runCase } from '../src/run-case.ts'
import { memoryHarness } from './memory-harness.ts'
import type { Mutant } from './mutant.ts'

/** What became of a mutant. */
export interface Verdict {
  readonly mutant: Mutant
  /** The first case of its clause that failed on it, and with what. `undefined`: it lives. */
  readonly killer: { readonly name: string; readonly message: string } | undefined
  /** How many cases of its clause ran on it. */
  readonly ran: number
}

/**
 * A mutant's waits are shorter than the reference's: what never comes need not be waited for as long as what comes late. Where
 * that alone fails a case, the reference fails it too, and it does not count.
 */
const SLOWNESS = 0.4

/**
 * Runs the cases named after the mutant's clause on it, each on a store of its own, until one fails that passes on the reference.
 *
 * @throws When the mutant can't even connect, so that any case would fail on it, or when a case fails on the reference too.
 */
export async function kill(mutant: Mutant, cases: readonly Case[]): Promise<Verdict> {
  let ran = 0
  for (const it of cases.filter(({ clause }) => clause === mutant.clause)) {
    const harness = memoryHarness({ ...mutant, name: mutant.name, slowness: SLOWNESS })
    const probe = await harness.connect()
    const { capabilities } = probe
    await probe.close({ drainMs: 0 })
    const result = await runCase(it, harness, capabilities)
    await harness.close?.()
    if (result.status !== 'skipped') ran += 1
    if (result.status !== 'failed') continue
    await assertReferencePasses(it)
    return { mutant, ran, killer: { name: fullName(it), message: result.error.message } }
  }
  return { mutant, ran, killer: undefined }
}

/** A case for `none` has nothing to prove on the reference, which grades nothing so: there a skip will do. */
async function assertReferencePasses(it: Case): Promise<void> {
  const harness = memoryHarness({ slowness: SLOWNESS })
  const probe = await harness.connect()
  const { capabilities } = probe
  await probe.close({ drainMs: 0 })
  const result = await runCase(it, harness, capabilities)
  await harness.close?.()
  if (result.status === 'failed')
    throw new Error(`${fullName(it)} fails on the reference too: ${result.error.message}`, { cause: result.error })
}
