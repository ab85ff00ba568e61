import type { Runtime } from '@anybroker/driver'

/** Invariant 10: every retry has jitter. Full jitter (uniform up to the exponential bound), so that clients do not come back together. */
export function fullJitter(runtime: Pick<Runtime, 'random'>, attempt: number): number {
  return Math.ceil(runtime.random() * Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt - 1, 10)))
}

const BASE_MS = 100
const CAP_MS = 5_000
