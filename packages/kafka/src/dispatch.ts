import type { SourceRef, WireDelivery } from '@anybroker/driver'
import type { Assigned, Held, Receipt } from './assigned.ts'
import type { Guard } from './guard.ts'
import { fromRecord } from './wire.ts'

export interface DispatchParts {
  readonly guard: Guard
  /** A partition has room to fetch more. */
  hungry(): void
}

/** What goes out next: partitions take turns, so that a full one does not hold up the others. */
export class Dispatch {
  readonly #source: SourceRef
  readonly #parts: DispatchParts
  #turn = 0

  constructor(source: SourceRef, parts: DispatchParts) {
    this.#source = source
    this.#parts = parts
  }

  take(assigned: Iterable<Assigned>, max: number): WireDelivery<Receipt>[] {
    const taken = this.#parts.guard.cleared().map((one) => this.#delivery(one.assigned, one.held))
    const open = [...assigned].filter((one) => one.opened && !one.lettingGo && one.waiting > 0)
    let hungry = false
    for (let found = open.length; found > 0 && taken.length < max; this.#turn += 1) {
      found = 0
      for (let index = 0; index < open.length && taken.length < max; index++) {
        const one = open[(this.#turn + index) % open.length]
        const delivery = one === undefined ? undefined : this.#next(one)
        if (delivery === undefined) continue
        taken.push(delivery)
        found += 1
        hungry ||= one?.wantsMore === true
      }
    }
    if (hungry) this.#parts.hungry()
    return taken
  }

  /** It is out of hand, or held: what was guarded lets the next one out. */
  free(assigned: Assigned, held: Held): void {
    this.#parts.guard.free(assigned, held)
  }

  end(): void {
    this.#parts.guard.end()
  }

  #next(assigned: Assigned): WireDelivery<Receipt> | undefined {
    if (assigned.guarded === 0) {
      const held = assigned.take()
      return held === undefined ? undefined : this.#delivery(assigned, held)
    }
    if (this.#parts.guard.busy) return undefined
    const held = assigned.take()
    if (held === undefined) return undefined
    const { carriedAttempts = 0 } = fromRecord(held.record, this.#source, '')
    this.#parts.guard.count(assigned, held, carriedAttempts)
    return undefined
  }

  #delivery(assigned: Assigned, held: Held): WireDelivery<Receipt> {
    const { record } = held
    const { partition } = assigned
    const message = fromRecord(record, this.#source, `k${partition}-${record.offset}`)
    const receipt: Receipt = { assigned, held, state: 'out', started: false }
    assigned.inHand.set(record.offset, receipt)
    // Once noted, attempts stand there with those that the copy carried.
    const attempt = 1 + Math.max(held.attempts, message.carriedAttempts ?? 0)
    return {
      receipt,
      message,
      attempt,
      redelivered: attempt > 1,
      enqueuedAt: record.timestamp,
      position: `${partition}/${record.offset}`,
      native: record,
    }
  }
}
