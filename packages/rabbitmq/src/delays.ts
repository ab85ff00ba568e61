/** A delay bucket outlives its last use by that much. */
export const BUCKET_SPARE_MS = 3_600_000

/** The longest delay: `x-expires` of its bucket, delay plus spare, must stay below 2^32 ms. */
export const LONGEST_DELAY_MS = 4_200_000_000

/**
 * The delay of the bucket that a delay goes to: rounded up to two significant digits, so that a decade has 90 buckets at most and
 * nothing is early.
 */
export function bucketMs(delayMs: number): number {
  const whole = Math.max(1, Math.ceil(delayMs))
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(whole)) - 1)
  return Math.min(Math.ceil(whole / unit) * unit, LONGEST_DELAY_MS)
}
