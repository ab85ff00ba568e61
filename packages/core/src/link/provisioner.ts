import { BrokerError, type EntityRef, type EntitySettings } from '@anybroker/driver'
import type { Provision } from '../api/entities.ts'
import type { Link } from './link.ts'

/** `orders`, or `order-placed/billing`: how errors, events and dead letters name an entity. */
export function nameOf(ref: EntityRef): string {
  return ref.kind === 'subscription' ? `${ref.topic}/${ref.name}` : ref.name
}

/**
 * Creates or verifies each entity once per broker object, however many calls need it, and never again on a reconnect: what an
 * operator deleted stays deleted (A5).
 */
export class Provisioner {
  readonly #link: Link
  readonly #done = new Map<string, Promise<void>>()

  constructor(link: Link) {
    this.#link = link
  }

  /** Rejects with `NOT_FOUND`, `CONFLICT` with the differences named, or what the broker said; the next call tries again. */
  once(ref: EntityRef, settings: EntitySettings, provision: Provision, timeoutMs: number): Promise<void> {
    if (provision === 'never') return Promise.resolve()
    const key = `${ref.kind}:${nameOf(ref)}`
    const known = this.#done.get(key)
    if (known !== undefined) return known
    const promise = this.#provision(ref, settings, provision, timeoutMs)
    this.#done.set(key, promise)
    promise.catch(() => {
      if (this.#done.get(key) === promise) this.#done.delete(key)
    })
    return promise
  }

  /** After a delete: the next call that needs it creates it again. */
  forget(ref: EntityRef): void {
    this.#done.delete(`${ref.kind}:${nameOf(ref)}`)
  }

  async #provision(
    ref: EntityRef,
    settings: EntitySettings,
    provision: 'create' | 'verify',
    timeoutMs: number,
  ): Promise<void> {
    const what = `${ref.kind} ${nameOf(ref)}`
    const found = await this.#link.run(`opening ${what}`, { timeoutMs }, (connection, signal) =>
      provision === 'create'
        ? connection.topology.ensure(ref, settings, signal)
        : connection.topology.check(ref, settings, signal),
    )
    if (found === undefined)
      throw new BrokerError('NOT_FOUND', `opening ${what}: it does not exist on ${this.#link.driver.name}`)
    if (found.as === 'differs') {
      throw new BrokerError(
        'CONFLICT',
        `opening ${what}: it exists with other options: ${found.differences.join('; ')}`,
        {
          facts: { differences: found.differences },
        },
      )
    }
  }
}
