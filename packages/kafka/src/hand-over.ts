import type { Runtime } from '@anybroker/driver'
import type { Assigned } from './assigned.ts'
import type { Committer } from './committer.ts'

/** How long a handler may go on with a message of a partition that is to be another's. */
const LET_GO_MS = 15_000
/** How often, and how many times, a last commit is tried. */
const LOOK_AGAIN_MS = 20
const LAST_TRIES = 50

/** The two ends of an assignment: a commit that says that a partition is ours, and one that says that it was left in order. */
export class HandOver {
  readonly #runtime: Runtime
  readonly #committer: Committer
  /** The receiver is closed or dead. */
  readonly #over: () => boolean

  constructor(runtime: Runtime, committer: Committer, over: () => boolean) {
    this.#runtime = runtime
    this.#committer = committer
    this.#over = over
  }

  /** From here on something of these may be handed out: if we die with it, the next owner knows. */
  async open(fresh: readonly Assigned[]): Promise<void> {
    while (!this.#over() && !(await this.#committer.flush(fresh, false))) await this.#runtime.sleep(LOOK_AGAIN_MS)
    for (const one of fresh) one.opened = true
  }

  /** Resolves when what runs has ended, or has had its time, and that is committed. */
  async letGo(going: readonly Assigned[]): Promise<void> {
    const until = this.#runtime.now() + LET_GO_MS
    const busy = () => going.some(({ inHand, epoch }) => inHand.size > 0 && !epoch.ended)
    while (busy() && this.#runtime.now() < until && !this.#over()) await this.#runtime.sleep(LOOK_AGAIN_MS)
    if (!this.#over()) await this.write(going, new AbortController().signal)
  }

  /** As far as there is time: in the middle of a rebalance nothing can be committed. */
  async write(partitions: readonly Assigned[], signal: AbortSignal): Promise<void> {
    for (let tries = 0; tries < LAST_TRIES && !signal.aborted; tries++) {
      if (await this.#committer.flush(partitions, true)) return
      await this.#runtime.sleep(LOOK_AGAIN_MS, signal)
    }
  }
}
