/** SQS and SNS take ten entries in one request. */
export const MOST_ENTRIES = 10

/** Items in their order, in runs that one request takes: ten at most, and together no larger than `maxBytes`. */
export function inRuns<T>(
  items: readonly T[],
  bytesOf: (item: T) => number,
  maxBytes: number,
): readonly (readonly T[])[] {
  const runs: T[][] = []
  let run: T[] = []
  let bytes = 0
  for (const item of items) {
    const size = bytesOf(item)
    if (run.length === MOST_ENTRIES || (run.length > 0 && bytes + size > maxBytes)) {
      runs.push(run)
      run = []
      bytes = 0
    }
    run.push(item)
    bytes += size
  }
  if (run.length > 0) runs.push(run)
  return runs
}

/** The same without sizes. */
export function inTens<T>(items: readonly T[]): readonly (readonly T[])[] {
  return inRuns(items, () => 0, Infinity)
}

export interface FailedEntry {
  readonly Id?: string | undefined
  readonly SenderFault?: boolean | undefined
  readonly Code?: string | undefined
  readonly Message?: string | undefined
}

/** What a batch request answered. */
export interface Answer<S> {
  readonly Successful?: readonly S[] | undefined
  readonly Failed?: readonly FailedEntry[] | undefined
}

/** Of one entry: done, failed, or not mentioned at all. */
export type EntryResult<S> =
  | { readonly as: 'done'; readonly entry: S }
  | { readonly as: 'failed'; readonly error: FailedEntry }
  | { readonly as: 'missing' }

/**
 * The answer entry by entry, in the order of the request, matched by entry ids `0` to `9`: a message may stand in one batch twice,
 * and its own id would then not tell them apart.
 */
export function byEntry<S extends { readonly Id?: string | undefined }>(
  count: number,
  { Successful = [], Failed = [] }: Answer<S>,
): readonly EntryResult<S>[] {
  const done = new Map(Successful.map((entry) => [entry.Id, entry]))
  const failed = new Map(Failed.map((entry) => [entry.Id, entry]))
  return Array.from({ length: count }, (_, index): EntryResult<S> => {
    const error = failed.get(String(index))
    if (error !== undefined) return { as: 'failed', error }
    const entry = done.get(String(index))
    return entry === undefined ? { as: 'missing' } : { as: 'done', entry }
  })
}
