/** What a member says of what it holds, as text. */
export function encodeClaim(owned: ReadonlyMap<string, readonly number[]>): Buffer {
  return Buffer.from(JSON.stringify(Object.fromEntries(owned)))
}

/** Total: what can't be read claims nothing. */
export function decodeClaim(claim: Buffer): ReadonlyMap<string, readonly number[]> {
  const owned = new Map<string, readonly number[]>()
  let given: unknown
  try {
    given = JSON.parse(claim.toString())
  } catch {
    // Of another version, or damaged: it claims nothing.
    return owned
  }
  if (typeof given !== 'object' || given === null) return owned
  for (const [topic, list] of Object.entries(given)) {
    if (Array.isArray(list))
      owned.set(
        topic,
        list.filter((one): one is number => Number.isSafeInteger(one)),
      )
  }
  return owned
}
