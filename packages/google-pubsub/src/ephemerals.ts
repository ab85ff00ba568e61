import { EPHEMERAL_MS, REAP_EVERY_MS } from './capabilities.ts'
import { NOT_FOUND, statusOf } from './errors.ts'
import { ALIVE_LABEL, type Labels } from './labels.ts'
import { lastPart } from './names.ts'
import { call, request, type Session } from './session.ts'

/** A word of life that is older than that is given anew: well before anybody could miss it. */
const REFRESH_MS = EPHEMERAL_MS / 5

/**
 * What of this process is ephemeral at the service, and what of dead processes is left there. The living label their subscriptions with
 * how long to wait for them. One is removed when its time is over and it was found so, with the same label, in two looks one after
 * the other: clocks that differ, and a process that was away for a while between two looks, remove nobody who lives.
 */
export class Ephemerals {
  readonly #session: Session
  /** By name, when its label was last written, on `runtime.now()`'s scale. */
  readonly #mine = new Map<string, number>()
  /** What was overdue at the last look, with its label then. */
  #suspects = new Map<string, string>()
  #lookedAt: number

  constructor(session: Session) {
    this.#session = session
    // The first look is as far away as the others are: a short life is no reason to look at all of them.
    this.#lookedAt = session.runtime.now() - session.runtime.random() * REAP_EVERY_MS
  }

  /** Of one that is created now. */
  labels(): Labels {
    return { [ALIVE_LABEL]: String(Math.ceil((this.#session.runtime.wallNow() + EPHEMERAL_MS) / 1_000)) }
  }

  /** Labelled just now, or found again: kept alive from here on. */
  add(name: string): void {
    if (!this.#mine.has(name)) this.#mine.set(name, this.#session.runtime.now())
  }

  forget(name: string): void {
    this.#mine.delete(name)
  }

  async maintain(signal: AbortSignal): Promise<void> {
    const now = this.#session.runtime.now()
    for (const [name, labelledAt] of this.#mine) {
      if (now - labelledAt >= REFRESH_MS) await this.#refresh(name, signal)
    }
    if (now - this.#lookedAt < REAP_EVERY_MS) return
    this.#lookedAt = now
    await this.#look(signal)
  }

  async #refresh(name: string, signal: AbortSignal): Promise<void> {
    const { clients, names } = this.#session
    const subscription = names.subscriptionPath(name)
    try {
      const [there] = await request(signal, () => clients.subscriber.getSubscription({ subscription }, call()))
      const labels = { ...there.labels, ...this.labels() }
      await request(signal, () =>
        clients.subscriber.updateSubscription(
          { subscription: { name: subscription, labels }, updateMask: { paths: ['labels'] } },
          call(),
        ),
      )
      this.#mine.set(name, this.#session.runtime.now())
    } catch (error) {
      if (statusOf(error) !== NOT_FOUND) throw error
      // Removed meanwhile: its receiver finds out by itself.
      this.#mine.delete(name)
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { clients, names, runtime } = this.#session
    const suspects = new Map<string, string>()
    const [all] = await request(signal, () =>
      clients.subscriber.listSubscriptions({ project: names.project, pageSize: 1_000 }, call()),
    )
    for (const { name: path, labels } of all) {
      const [kind] = names.parts(path) ?? []
      const name = lastPart(path)
      const alive = labels?.[ALIVE_LABEL]
      if ((kind !== 'e' && kind !== 'r') || alive === undefined || this.#mine.has(name)) continue
      if (Number(alive) * 1_000 > runtime.wallNow()) continue
      if (this.#suspects.get(name) === alive) await this.#remove(name, signal)
      else suspects.set(name, alive)
    }
    this.#suspects = suspects
  }

  async #remove(name: string, signal: AbortSignal): Promise<void> {
    const { clients, names, runtime } = this.#session
    runtime.log('info', `anybroker: ${name} is left of a process that died, and is removed`)
    const subscription = names.subscriptionPath(name)
    try {
      await request(signal, () => clients.subscriber.deleteSubscription({ subscription }, call()))
    } catch (error) {
      // Another process was faster.
      if (statusOf(error) !== NOT_FOUND) throw error
    }
  }
}
