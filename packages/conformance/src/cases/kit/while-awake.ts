import type { Context } from '../../case.ts'

/** Often enough to tell half of the shortest lease from nothing. */
const LOOK_MS = 25
const RUNS_AT_MOST = 3

/**
 * Runs what proves something of leases, and runs it again, twice at most, if it failed while this process stood still for `stallMs`
 * or more, for want of CPU or in one long turn: who stands still through a lease can't renew it, and nothing was promised (D6 is for
 * those). Any other failure is one.
 */
export async function whileAwake(
  t: Pick<Context, 'after'>,
  stallMs: number,
  prove: () => Promise<void>,
): Promise<void> {
  for (let run = 1; ; run += 1) {
    const stall = longestStall(t)
    try {
      return await prove()
    } catch (error) {
      const stood = stall()
      if (stood < stallMs) throw error
      if (run === RUNS_AT_MOST)
        throw new Error(`${String(error)} (the process stood still for ${stood.toFixed()} ms, as in each run before)`, {
          cause: error,
        })
    }
  }
}

/** How long this process has stood still at most since the call. */
function longestStall(t: Pick<Context, 'after'>): () => number {
  let last = performance.now()
  let longest = 0
  const look = (): void => {
    const now = performance.now()
    longest = Math.max(longest, now - last - LOOK_MS)
    last = now
  }
  const looking = setInterval(look, LOOK_MS)
  t.after(() => clearInterval(looking))
  return () => {
    look()
    return longest
  }
}
