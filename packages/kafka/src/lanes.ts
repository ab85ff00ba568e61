const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** The longest delay of a send or a retry: a week. */
export const LONGEST_DELAY_MS: number = 7 * 24 * HOUR_MS

/** The partitions of a retry topic: what is due at once, and three classes of delay. */
const UP_TO_MS = [0, MINUTE_MS, HOUR_MS, LONGEST_DELAY_MS] as const

export const RETRY_PARTITIONS: number = UP_TO_MS.length

/** The partition of a retry topic for that delay. */
export function retryPartition(delayMs: number): number {
  const found = UP_TO_MS.findIndex((most) => delayMs <= most)
  return found < 0 ? UP_TO_MS.length - 1 : found
}
