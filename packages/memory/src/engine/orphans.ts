import type { Alarm, Timed } from './alarm.ts'
import type { Session } from './session.ts'

/** How long an ephemeral subscription or an inbox outlives its connection, for the next one to take it over (E2). */
export const ORPHANED_MS = 30_000

/** Something that lives as long as a connection. */
export interface Owned {
  owner: Session | undefined
  /** Ends it, if it is still there. */
  reap(): void
}

/** What nobody owns any more, and until when it is kept. */
export class Orphans implements Timed {
  readonly #alarm: Alarm
  readonly #until = new Map<Owned, number>()

  constructor(alarm: Alarm) {
    this.#alarm = alarm
  }

  leave(orphan: Owned): void {
    const at = this.#alarm.now() + ORPHANED_MS
    orphan.owner = undefined
    this.#until.set(orphan, at)
    this.#alarm.watch(this, at)
  }

  adopt(orphan: Owned, owner: Session): void {
    this.#until.delete(orphan)
    orphan.owner = owner
  }

  tick(now: number): number {
    for (const [orphan, at] of this.#until) {
      if (at > now) return at
      this.#until.delete(orphan)
      orphan.reap()
    }
    return Infinity
  }
}
