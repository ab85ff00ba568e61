/** What one member of a group says when it joins. */
export interface MemberClaim {
  readonly member: string
  /** Of each topic, the partitions that it holds now. */
  readonly owned: ReadonlyMap<string, readonly number[]>
}

/** Of each member, of each topic, its partitions. */
export type Assignment = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>

/**
 * Who gets which partitions: even shares of each topic, everybody keeps what he has as far as his share goes. What must move and is
 * still held is given to nobody: its owner lets go of it and joins again, and then it is free. A pure function of its arguments, so
 * that any member can be the leader.
 */
export function assign(claims: readonly MemberClaim[], topics: ReadonlyMap<string, number>): Assignment {
  const assigned = new Map(claims.map(({ member }) => [member, new Map<string, readonly number[]>()]))
  const members = claims.toSorted((one, other) => (one.member < other.member ? -1 : 1))
  let turn = 0
  for (const [topic, partitions] of topics) {
    // Remainders go around, so that nobody is the first of every topic.
    const rotated = members
      .map((_, index) => members[(index + turn) % members.length])
      .filter((one) => one !== undefined)
    for (const [member, list] of ofTopic(topic, partitions, rotated)) assigned.get(member)?.set(topic, list)
    turn += partitions % Math.max(1, members.length)
  }
  return assigned
}

function ofTopic(topic: string, partitions: number, members: readonly MemberClaim[]): Map<string, number[]> {
  const least = Math.floor(partitions / members.length)
  let extras = partitions % members.length
  const held = new Set<number>()
  const kept = new Map<string, number[]>()
  const quotas = new Map<string, number>()
  const claimed = members.map(({ member, owned }) => {
    const mine = (owned.get(topic) ?? []).filter((index) => index >= 0 && index < partitions && !held.has(index))
    for (const index of mine) held.add(index)
    return { member, mine: mine.toSorted((one, other) => one - other) }
  })
  // Who holds most keeps the remainder: that moves least.
  const order = claimed.map((claim, index) => ({ ...claim, index }))
  for (const { member, mine } of order.toSorted((a, b) => b.mine.length - a.mine.length || a.index - b.index)) {
    const quota = extras > 0 ? least + 1 : least
    if (extras > 0) extras -= 1
    quotas.set(member, quota)
    kept.set(member, mine.slice(0, quota))
  }
  let free = Array.from({ length: partitions }, (_, index) => index).filter((index) => !held.has(index))
  for (const { member } of members) {
    const list = kept.get(member) ?? []
    const take = Math.max(0, (quotas.get(member) ?? 0) - list.length)
    kept.set(member, [...list, ...free.slice(0, take)])
    free = free.slice(take)
  }
  return kept
}
