import type { Runtime } from '@anybroker/driver'
import { assign } from './assign.ts'
import { decodeClaim, encodeClaim } from './claim.ts'
import { errorType, type Claim, type GroupMember, type Joined, type LogClient, type Shares } from './client/port.ts'
import { describeError } from './errors.ts'
import type { Settings } from './options.ts'

/** Of our members alone: with a foreign one in the group the broker refuses us. */
const PROTOCOL = 'anybroker-1'
/** How long the broker waits for members that do not join again, at a rebalance. */
const REBALANCE_TIMEOUT_MS = 20_000
/** Between two tries of what failed, doubling. */
const BACKOFF_MS = 50
const BACKOFF_MAX_MS = 2_000

export type Owned = ReadonlyMap<string, readonly number[]>

export interface MembershipHooks {
  /** What this member holds now, what it is letting go of included. */
  owned(): Owned
  /** The partitions that are ours from now on. What is missing of what we hold is to be let go of, and then `rejoin`. */
  assigned(partitions: Owned): Promise<void>
  /** Commits what can be, because others may come for it. */
  beforeJoin(): Promise<void>
  /** Everything is another's now, or will be. */
  lost(reason: string): void
  died(error: unknown): void
}

/** The life of one member of a group: joins, tells that it lives, joins again when others come and go, leaves. */
export class Membership {
  readonly #client: LogClient
  readonly #group: string
  readonly #member: GroupMember
  readonly #topics: readonly string[]
  readonly #settings: Settings
  readonly #runtime: Runtime
  readonly #hooks: MembershipHooks
  readonly #end = new AbortController()
  #nudge = new AbortController()
  #id = ''
  #joined: Joined | undefined
  #lastHeard = 0
  /** The broker waits with us for the others: no session runs out meanwhile. */
  #joining = false
  #running: Promise<void> = Promise.resolve()

  constructor(
    client: LogClient,
    group: string,
    topics: readonly string[],
    settings: Settings,
    runtime: Runtime,
    hooks: MembershipHooks,
  ) {
    this.#client = client
    this.#group = group
    this.#member = client.openMember(group)
    this.#topics = topics
    this.#settings = settings
    this.#runtime = runtime
    this.#hooks = hooks
  }

  /** Which commits are made in. Undefined while it joins. */
  get joined(): Joined | undefined {
    return this.#joined
  }

  /** The id that the broker knows us by; empty before it does. */
  get id(): string {
    return this.#id
  }

  get member(): GroupMember {
    return this.#member
  }

  /** Whether the broker may have given our partitions away by now, by our own clock. */
  get expired(): boolean {
    if (this.#id === '' || this.#joining) return false
    return this.#runtime.now() - this.#lastHeard > this.#settings.sessionTimeoutMs
  }

  start(): void {
    this.#running = this.#run()
  }

  /** To be heard before the next heartbeat is due. */
  rejoin(): void {
    this.#nudge.abort()
  }

  /** Leaves, so that others need not wait for the end of our session, as far as the broker answers. */
  async leave(signal: AbortSignal): Promise<void> {
    this.#end.abort()
    const id = this.#id
    try {
      if (id !== '' && !signal.aborted) await this.#client.leaveGroup(this.#group, id)
    } catch (error) {
      // Its session ends by itself.
      this.#runtime.log('debug', 'kafka: leaving a group failed', { error })
    } finally {
      this.close()
    }
    await this.#running
  }

  close(): void {
    this.#end.abort()
    this.#joined = undefined
    this.#member.close()
  }

  async #run(): Promise<void> {
    const { signal } = this.#end
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.#join()
        failures = 0
        await this.#live()
      } catch (error) {
        this.#joined = undefined
        if (signal.aborted) return
        const type = errorType(error)
        if (type === 'UNKNOWN_MEMBER_ID' || type === 'ILLEGAL_GENERATION') {
          if (type === 'UNKNOWN_MEMBER_ID') this.#id = ''
          this.#hooks.lost(`the group goes on without this consumer (${type})`)
        } else if (type !== 'REBALANCE_IN_PROGRESS') {
          const { retryable } = describeError(error)
          if (!retryable) {
            this.#hooks.died(error)
            return
          }
          this.#loseIfExpired()
          const backoff = Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** failures)
          failures += 1
          await this.#sleep(backoff * (0.5 + this.#runtime.random()))
        }
      }
    }
  }

  async #join(): Promise<void> {
    this.#nudge = new AbortController()
    const claim: Claim = {
      topics: this.#topics,
      data: encodeClaim(this.#hooks.owned()),
      protocol: PROTOCOL,
      sessionTimeoutMs: this.#settings.sessionTimeoutMs,
      rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
    }
    // What is committed from here on would come behind the join.
    this.#joined = undefined
    const joined = await this.#asked(claim)
    this.#id = joined.member
    this.#lastHeard = this.#runtime.now()
    const mine = await this.#member.sync(joined, await this.#shares(joined))
    this.#lastHeard = this.#runtime.now()
    if (this.#end.signal.aborted) return
    this.#joined = joined
    await this.#hooks.assigned(mine)
  }

  async #asked(claim: Claim): Promise<Joined> {
    this.#joining = true
    this.#lastHeard = this.#runtime.now()
    try {
      return await this.#member.join(this.#id, claim, (id) => {
        this.#id = id
      })
    } finally {
      this.#joining = false
    }
  }

  async #shares({ claims }: Joined): Promise<Shares | undefined> {
    if (claims.length === 0) return undefined
    const topics = await this.#client.topics(this.#topics)
    const members = claims.map(({ member, claim }) => ({ member, owned: decodeClaim(claim) }))
    return assign(members, topics)
  }

  /** Until it is time to join again. */
  async #live(): Promise<void> {
    const { heartbeatIntervalMs } = this.#settings
    for (;;) {
      const nudged = await this.#sleep(heartbeatIntervalMs)
      const joined = this.#joined
      if (this.#end.signal.aborted || joined === undefined) return
      if (!nudged) {
        try {
          await this.#member.heartbeat(joined)
          this.#lastHeard = this.#runtime.now()
          continue
        } catch (error) {
          if (errorType(error) !== 'REBALANCE_IN_PROGRESS') {
            if (!describeError(error).retryable || errorType(error) !== '') throw error
            // The connection failed, and not our place in the group.
            this.#loseIfExpired()
            continue
          }
          this.#lastHeard = this.#runtime.now()
        }
      }
      await this.#hooks.beforeJoin()
      return
    }
  }

  #loseIfExpired(): void {
    if (!this.expired) return
    this.#id = ''
    this.#hooks.lost('the broker has not answered for a whole session')
  }

  /** Resolves true where it was nudged. */
  async #sleep(ms: number): Promise<boolean> {
    const nudge = this.#nudge.signal
    if (!nudge.aborted) await Promise.allSettled([this.#runtime.sleep(ms, AbortSignal.any([nudge, this.#end.signal]))])
    return nudge.aborted
  }
}
