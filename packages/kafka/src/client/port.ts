/**
 * What the queues above need of a client for Kafka: one request each, no retries, no deadlines, offsets as numbers. No type of a
 * client library shows here, so that another one can take its place. Errors are the client's own; `errorType` reads the name that
 * Kafka's protocol has for them.
 */
export interface LogClient {
  /** Partitions of each topic that exists. */
  topics(names: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** Those that are there already are left as they are. Resolves when each partition has a leader. */
  createTopics(topics: readonly NewTopic[], signal: AbortSignal): Promise<void>
  /** Resolves with those that were there, when they are no more. */
  deleteTopics(names: readonly string[], signal: AbortSignal): Promise<readonly string[]>
  /** Everything before these offsets is gone. */
  deleteRecords(topic: string, before: Offsets): Promise<void>
  /** A time that nothing was stored at or after is the end. */
  offsets(topic: string, partitions: readonly number[], at: 'start' | 'end' | number): Promise<Offsets>
  committed(group: string, partitions: ReadonlyMap<string, number>): Promise<readonly Committed[]>
  /** Of a group without members; with members it is refused. */
  commitIdle(group: string, commits: readonly Committed[]): Promise<void>
  members(group: string): Promise<readonly string[]>
  /** False where members keep it alive. */
  deleteGroup(group: string): Promise<boolean>
  /** Over a connection that no join holds up. */
  leaveGroup(group: string, member: string): Promise<void>
  /** Never throws for one partition. */
  produce(topic: string, batches: ReadonlyMap<number, readonly NewRecord[]>): Promise<ReadonlyMap<number, Produced>>
  /** A reader with connections of its own, because the answer to a fetch may take its time. */
  openReader(): LogReader
  /** A member of a group, with a connection of its own, because the answer to a join may take its time. */
  openMember(group: string): GroupMember
  /** Told once, when no node answers any more. */
  onDead(listener: (error: unknown) => void): void
  /** Leaves no socket. Whatever is under way fails. */
  close(): void
  readonly native: unknown
}

export type Offsets = ReadonlyMap<number, number>

export interface NewTopic {
  readonly topic: string
  readonly partitions: number
  readonly config: Readonly<Record<string, string>>
}

export interface Committed {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly note: string | null
}

export interface NewRecord {
  readonly key: string | Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string | Buffer | readonly (string | Buffer)[]>>
  /** Wall clock, milliseconds. */
  readonly timestamp: number
}

export interface LogRecord {
  readonly offset: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer | string | null | readonly (Buffer | string | null)[]>>
  readonly timestamp: number
}

/** `stored: 'no'` only where the broker's word excludes it. */
export type Produced =
  | { readonly as: 'stored'; readonly offset: number }
  | { readonly as: 'failed'; readonly error: Error; readonly stored: 'no' | 'unknown' }

export interface Position {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly maxBytes: number
}

export interface Fetched {
  readonly topic: string
  readonly partition: number
  /** Set where this partition failed; the rest says nothing then. */
  readonly error?: Error
  readonly records: readonly LogRecord[]
  /** Where the next fetch begins. */
  readonly end: number
  /** One behind the last record that may be read. */
  readonly high: number
}

export interface LogReader {
  /** The node that leads a partition, asked anew when `refresh` is set. Undefined while there is none. */
  leader(topic: string, partition: number, refresh: boolean): Promise<number | undefined>
  /** From one node; at most one call for each node at a time. Waits up to `waitMs` for something. */
  fetch(node: number, positions: readonly Position[], waitMs: number, maxBytes: number): Promise<readonly Fetched[]>
  close(): void
}

export interface Joined {
  readonly member: string
  readonly generation: number
  /** Of all members, where this one is the leader; else empty. */
  readonly claims: readonly { readonly member: string; readonly claim: Buffer }[]
}

export interface GroupMember {
  /** Without a member id the broker gives one, told to `named` at once. Answers when all members have joined. */
  join(member: string, claim: Claim, named: (member: string) => void): Promise<Joined>
  /** The leader brings everybody's partitions. Answers with our own. */
  sync(joined: Joined, shares: Shares | undefined): Promise<ReadonlyMap<string, readonly number[]>>
  heartbeat(joined: Joined): Promise<void>
  /** The error of each that was not committed. */
  commit(joined: Joined, commits: readonly Committed[]): Promise<readonly (Error | undefined)[]>
  close(): void
}

export interface Claim {
  readonly topics: readonly string[]
  readonly data: Buffer
  readonly protocol: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
}

export type Shares = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>

/** The name that Kafka's protocol has for this error, such as `NOT_LEADER_FOR_PARTITION`; empty for any other. */
export function errorType(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('type' in error)) return ''
  return typeof error.type === 'string' ? error.type : ''
}
