/** What waits in the buffer of an ordered receiver. */
export interface Keyed {
  readonly message: { readonly key?: string }
}

/** What is handed out of a buffer, and what stays in it, each in its order. */
export interface Chosen<T> {
  readonly taken: readonly T[]
  readonly left: readonly T[]
}

/**
 * Up to `max`, of which what is behind a message of its key that is out, say held for a retry, is handed out only while less than
 * half of the credit is: so that keys which wait leave room for others, and a hot one is still pipelined. Nothing passes another of
 * its key.
 */
export function choose<T extends Keyed>(
  buffer: readonly T[],
  max: number,
  { out, credit }: { readonly out: readonly Keyed[]; readonly credit: number },
): Chosen<T> {
  const keysOut = new Set(out.map(({ message }) => message.key))
  let count = out.length
  const stays = new Set<string>()
  const taken: T[] = []
  const left: T[] = []
  for (const one of buffer) {
    const { key } = one.message
    const passes = key !== undefined && stays.has(key)
    const behind = key !== undefined && keysOut.has(key)
    if (taken.length < max && !passes && (!behind || count < credit / 2)) {
      taken.push(one)
      count += 1
      if (key !== undefined) keysOut.add(key)
    } else {
      left.push(one)
      if (key !== undefined) stays.add(key)
    }
  }
  return { taken, left }
}
