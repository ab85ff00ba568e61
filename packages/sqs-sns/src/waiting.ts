import type { QueueCalls } from './queue-calls.ts'
import { MOST_HIDDEN_SECONDS } from './limits.ts'
import { isWaiting } from './place.ts'
import type { Session } from './session.ts'
import type { Taken } from './taken.ts'

/**
 * Delays on a FIFO queue, which has none for one message. What is not due waits in a group of its own, hidden by visibility, so that
 * its key goes on; when it is due a copy goes to the tail of its key. Whichever consumer receives it does this, before anybody sees
 * it. What fails stays hidden for its lease, and is received again.
 */
export class Waiting {
  readonly #session: Session
  readonly #calls: QueueCalls

  constructor(session: Session, calls: QueueCalls) {
    this.#session = session
    this.#calls = calls
  }

  /** What is to be handed out; the rest is put where it belongs meanwhile. */
  sort(received: readonly Taken[]): { readonly due: readonly Taken[]; readonly aside: Promise<void> } {
    const due: Taken[] = []
    const hide: (readonly [Taken, number])[] = []
    const move: Taken[] = []
    const now = this.#session.runtime.wallNow()
    for (const taken of received) {
      const { deliverAt = 0, key } = taken.message
      const waits = isWaiting(taken.from.Attributes?.MessageGroupId)
      const restSeconds = Math.ceil((deliverAt - now) / 1_000)
      if (waits && restSeconds > 0) hide.push([taken, Math.min(restSeconds, MOST_HIDDEN_SECONDS)])
      else if ((waits && key !== undefined) || restSeconds > 0) move.push(taken)
      else due.push(taken)
    }
    return { due, aside: this.#aside(hide, move) }
  }

  async #aside(hide: readonly (readonly [Taken, number])[], move: readonly Taken[]): Promise<void> {
    const hidden = await this.#calls.hide(hide, undefined)
    const copied = await this.#calls.copy(
      move.map((taken) => ({ taken, changes: {} })),
      undefined,
    )
    const deleted = await this.#calls.delete(
      move.filter((_, index) => copied[index]?.as === 'ok'),
      undefined,
    )
    for (const outcome of [...hidden, ...copied, ...deleted]) {
      if (outcome.as === 'error')
        this.#session.runtime.log('warn', 'anybroker: a delayed message was not put aside; it is received again', {
          error: outcome.error,
        })
    }
  }
}
