import type { Outcome, Ref, Sender, WireMessage } from '@anybroker/driver'
import { Full } from './engine/destination.ts'
import type { Session } from './engine/session.ts'
import { full, notFound } from './errors.ts'
import { described } from './names.ts'

/** Of one `send`: more makes no broker request cheaper here, and less costs a promise per message. */
const BATCH: Sender['batch'] = Object.freeze({
  maxMessages: 1000,
  maxBytes: 32 * 1024 * 1024,
  maxInFlight: 8,
  keepsKeyOrder: true,
})

/** The evidence is the sequence number, spelled only when somebody reads it. */
class Confirmed {
  readonly as = 'confirmed'
  readonly #sequence: number

  constructor(sequence: number) {
    this.#sequence = sequence
  }

  get evidence(): string {
    return String(this.#sequence)
  }
}

const DUPLICATE: Outcome = Object.freeze({ as: 'confirmed', evidence: 'duplicate' })

/** Stores before its promise resolves. After a refusal the rest of the batch is refused too, so that keys keep their order. */
export class MemorySender implements Sender {
  readonly batch: Sender['batch'] = BATCH
  readonly #session: Session
  readonly #target: Ref

  constructor(session: Session, target: Ref) {
    this.#session = session
    this.#target = target
  }

  async send(batch: readonly WireMessage[], signal: AbortSignal): Promise<readonly Outcome[]> {
    this.#session.check()
    signal.throwIfAborted()
    const destination = this.#session.namespace.destination(this.#target)
    if (destination === undefined) return batch.map(() => ({ as: 'refused', error: notFound('sending', this.#target) }))
    const outcomes: Outcome[] = []
    const { store } = this.#session
    const wallNow = store.alarm.wallNow()
    for (const message of batch) {
      let put = destination.put(message, wallNow)
      if (put instanceof Full && store.reclaim()) put = destination.put(message, wallNow)
      if (put instanceof Full) {
        const refused = this.#refused(put)
        while (outcomes.length < batch.length) outcomes.push(refused)
        break
      }
      outcomes.push(put === 'duplicate' ? DUPLICATE : new Confirmed(put))
    }
    return outcomes
  }

  #refused({ bytes }: Full): Outcome {
    const { used, maxBytes } = this.#session.store.room
    const error = full(`sending to ${described(this.#target)}`, bytes, used, maxBytes)
    if (error.retryable) this.#session.blocked(bytes)
    return { as: 'refused', error }
  }

  async close(): Promise<void> {}
}
