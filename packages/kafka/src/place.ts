import type { Runtime } from '@anybroker/driver'
import { NOTHING_NOTED, decodeNote } from './commit-note.ts'
import { Assigned } from './assigned.ts'
import type { Committed, LogClient } from './client/port.ts'
import type { Commit } from './committer.ts'
import { Ledger } from './ledger.ts'
import { Membership, type Owned } from './membership.ts'
import type { Settings } from './options.ts'

export interface PlaceHooks {
  owned(): Owned
  /** These are ours from now on. */
  gained(partitions: readonly Assigned[]): void
  /** These must be let go of; `rejoin` when that is done. */
  letGo(partitions: Owned): void
  beforeJoin(): Promise<void>
  lost(reason: string): void
  died(error: unknown): void
  /** Commits can be made again. */
  settled(): void
}

/** What a receiver's partitions come from, and where it commits. */
export interface Place {
  start(): void
  commit(): Commit
  rejoin(): void
  /** The member that would be left behind in the group if the connection died now. */
  readonly member: string
  /** Whether others may hold by now what we believe to hold. */
  readonly expired: boolean
  leave(signal: AbortSignal): Promise<void>
  close(): void
}

/** A share of a group's partitions, which changes with its members. */
export function groupPlace(
  client: LogClient,
  group: string,
  topics: readonly string[],
  settings: Settings,
  runtime: Runtime,
  guarded: () => number,
  ordered: boolean,
  hooks: PlaceHooks,
): Place {
  const assigned = async (mine: Owned): Promise<void> => {
    const owned = hooks.owned()
    const gained = minus(mine, owned)
    const extra = minus(owned, mine)
    if (gained.size > 0) {
      const counts = new Map([...gained].map(([topic, list]) => [topic, Math.max(...list) + 1]))
      const committed = await client.committed(group, counts)
      const known = new Map(committed.map((one) => [`${one.topic} ${one.partition}`, one]))
      const fresh: Assigned[] = []
      for (const [topic, list] of gained) {
        const missing = list.filter((partition) => !known.has(`${topic} ${partition}`))
        const starts = missing.length === 0 ? undefined : await client.offsets(topic, missing, 'start')
        for (const partition of list) {
          const one = known.get(`${topic} ${partition}`)
          const ledger = one === undefined ? new Ledger(starts?.get(partition) ?? 0) : restored(one)
          fresh.push(new Assigned(topic, partition, ledger, guarded(), ordered))
        }
      }
      hooks.gained(fresh)
    }
    hooks.settled()
    if (extra.size > 0) hooks.letGo(extra)
  }
  const membership: Membership = new Membership(client, group, topics, settings, runtime, { ...hooks, assigned })
  return {
    start: () => membership.start(),
    commit: () => {
      const { joined, member } = membership
      return joined === undefined ? undefined : (commits) => member.commit(joined, commits)
    },
    rejoin: () => membership.rejoin(),
    get member() {
      return membership.id
    },
    get expired() {
      return membership.expired
    },
    leave: (signal) => membership.leave(signal),
    close: () => membership.close(),
  }
}

/** Where ephemeral subscriptions and inboxes stand: in this process alone, over reconnects too. */
export type Positions = Map<string, Committed>

/** All partitions of one topic, for us alone; its commits stay in this process. */
export function ownPlace(
  topic: string,
  positions: Positions,
  ordered: boolean,
  hooks: Pick<PlaceHooks, 'gained'>,
): Place {
  return {
    start: () =>
      hooks.gained([...positions.values()].map((one) => new Assigned(topic, one.partition, restored(one), 0, ordered))),
    commit: () => (commits) => {
      for (const one of commits) positions.set(`${one.topic} ${one.partition}`, one)
      return Promise.resolve([])
    },
    rejoin: () => undefined,
    member: '',
    expired: false,
    leave: () => Promise.resolve(),
    close: () => undefined,
  }
}

function restored({ offset, note }: Committed): Ledger {
  return new Ledger(offset, note === null ? NOTHING_NOTED : decodeNote(offset, note))
}

/** What of the one is not in the other. */
function minus(one: Owned, other: Owned): Owned {
  const rest = new Map<string, readonly number[]>()
  for (const [topic, list] of one) {
    const without = list.filter((partition) => other.get(topic)?.includes(partition) !== true)
    if (without.length > 0) rest.set(topic, without)
  }
  return rest
}
