import { choose } from './choose.ts'
import type { QueueCalls } from './queue-calls.ts'
import type { Session } from './session.ts'
import type { Taken } from './taken.ts'

/** The part of a lease that may pass before it is renewed: a renewal that fails can be tried twice more. */
const RENEW_AFTER = 1 / 3

/** What was fetched and not handed out yet, its leases renewed, and what of it is out. */
export class Stock {
  readonly #session: Session
  readonly #calls: QueueCalls
  readonly #leaseMs: number
  readonly #ordered: boolean
  /** For a renewal that nobody waits for. */
  readonly #unawaited: (work: Promise<void>) => void
  #waiting: Taken[] = []
  readonly #out = new Set<Taken>()
  #cancel: (() => void) | undefined

  constructor(
    session: Session,
    calls: QueueCalls,
    { leaseMs, ordered }: { readonly leaseMs: number; readonly ordered: boolean },
    unawaited: (work: Promise<void>) => void,
  ) {
    this.#session = session
    this.#calls = calls
    this.#leaseMs = leaseMs
    this.#ordered = ordered
    this.#unawaited = unawaited
  }

  get size(): number {
    return this.#waiting.length
  }

  add(taken: readonly Taken[]): void {
    this.#waiting.push(...taken)
    this.#watch()
  }

  /** What may be handed out now, out from here on; and what must go back, because what stood before it was lost. */
  take(max: number, credit: number): { readonly taken: readonly Taken[]; readonly back: readonly Taken[] } {
    if (!this.#ordered) {
      const taken = this.#waiting.splice(0, max)
      for (const one of taken) this.#out.add(one)
      return { taken, back: [] }
    }
    const lost = this.#dropLost()
    const back = this.#waiting.filter(({ message: { key } }) => key !== undefined && lost.has(key))
    const kept = this.#waiting.filter((one) => !back.includes(one))
    const { taken, left } = choose(kept, max, { out: [...this.#out], credit })
    this.#waiting = [...left]
    for (const one of taken) this.#out.add(one)
    return { taken, back }
  }

  settled(taken: Taken): void {
    this.#out.delete(taken)
  }

  /** Takes out what waits. */
  clear(): readonly Taken[] {
    this.#cancel?.()
    this.#cancel = undefined
    return this.#waiting.splice(0)
  }

  /** Takes out all that is still hidden: what is out, then what waits behind it. */
  clearAll(): readonly Taken[] {
    this.#dropLost()
    const all = [...this.#out, ...this.clear()]
    this.#out.clear()
    return all
  }

  /** Forgets what is out beyond its lease: core has lost it by now, and says nothing. Returns the keys of it. */
  #dropLost(): ReadonlySet<string> {
    const now = this.#session.runtime.now()
    const keys = new Set<string>()
    for (const one of this.#out) {
      if (one.leaseUntil > now) continue
      this.#out.delete(one)
      if (one.message.key !== undefined) keys.add(one.message.key)
    }
    return keys
  }

  #watch(): void {
    if (this.#cancel !== undefined || this.#waiting.length === 0) return
    this.#cancel = this.#session.runtime.timer(this.#leaseMs * RENEW_AFTER, () => {
      this.#cancel = undefined
      if (this.#waiting.length > 0) this.#unawaited(this.#renew())
    })
  }

  async #renew(): Promise<void> {
    const { runtime } = this.#session
    const now = runtime.now()
    const waiting = this.#waiting
    const done = await this.#calls.hide(
      waiting.map((taken) => [taken, this.#leaseMs / 1_000] as const),
      undefined,
    )
    const gone = new Set<Taken>()
    waiting.forEach((taken, index) => {
      if (done[index]?.as === 'ok') taken.leaseUntil = now + this.#leaseMs
      else if (done[index]?.as === 'lost' || taken.leaseUntil <= runtime.now()) gone.add(taken)
    })
    if (gone.size > 0) this.#waiting = this.#waiting.filter((taken) => !gone.has(taken))
    this.#watch()
  }
}
