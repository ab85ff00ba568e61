/** One of several that share what comes. */
export interface Sharer<T> {
  /** How full it is with `more` of them; 1 is full. */
  load(more: number): number
  add(share: readonly T[]): void
}

/** Deals in order, each to whoever has least. */
export function deal<T>(items: readonly T[], among: readonly Sharer<T>[]): void {
  const shares = among.map((sharer) => ({ sharer, share: [] as T[] }))
  for (const item of items) {
    let least: (typeof shares)[number] | undefined
    let load = Infinity
    for (const one of shares) {
      const its = one.sharer.load(one.share.length)
      if (its >= load) continue
      least = one
      load = its
    }
    least?.share.push(item)
  }
  for (const { sharer, share } of shares) if (share.length > 0) sharer.add(share)
}
