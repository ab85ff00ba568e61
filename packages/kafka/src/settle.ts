import type { Runtime, SettleOutcome, Settlement } from '@anybroker/driver'
import type { Receipt } from './assigned.ts'
import type { LogClient } from './client/port.ts'
import type { Committer } from './committer.ts'
import { whileNotAborted } from './signals.ts'
import { copyRecord, fromRecord } from './wire.ts'

/** Where a retry goes that is not held in hand. Undefined: it stays here, in memory. */
export type Retries = ((delayMs: number) => { readonly topic: string; readonly partition: number }) | undefined

export interface SettlingHooks {
  /** Whether its partition is still ours, as far as we know. */
  usable(receipt: Receipt): boolean
  /** Out of hand, whatever becomes of it. */
  left(receipt: Receipt): void
  /** Something is back in the buffer. */
  back(): void
}

const OK: SettleOutcome = Object.freeze({ as: 'ok' })
const LOST: SettleOutcome = Object.freeze({ as: 'lost' })

/** Settles deliveries: an ack is confirmed by the commit that holds it, a retry is a confirmed copy and then an ack. */
export class Settling {
  readonly #client: LogClient
  readonly #runtime: Runtime
  readonly #committer: Committer
  readonly #retries: Retries
  readonly #hooks: SettlingHooks

  constructor(client: LogClient, runtime: Runtime, committer: Committer, retries: Retries, hooks: SettlingHooks) {
    this.#client = client
    this.#runtime = runtime
    this.#committer = committer
    this.#retries = retries
    this.#hooks = hooks
  }

  settle(batch: readonly Settlement<Receipt>[], signal: AbortSignal): Promise<readonly SettleOutcome[]> {
    const outcomes = batch.map(async (one) => (one.as === 'ack' ? this.#ack(one.receipt) : this.#retry(one)))
    return whileNotAborted(Promise.all(outcomes), signal)
  }

  /** Back into the buffer, in their places, with the attempts that they have used up. */
  release(back: readonly { readonly receipt: Receipt; readonly attempts: number }[]): readonly SettleOutcome[] {
    return back.map(({ receipt, attempts }) => {
      if (receipt.state !== 'out' || !this.#hooks.usable(receipt)) return LOST
      receipt.state = 'gone'
      this.#hooks.left(receipt)
      const { assigned, held } = receipt
      const dueAt = assigned.ledger.noted(held.record.offset)?.dueAt ?? 0
      this.note(receipt, attempts, dueAt)
      assigned.putBack([{ record: held.record, attempts, dueAt }])
      return OK
    })
  }

  /** Writes down what a message has used up, and when it is due. */
  note({ assigned, held }: Receipt, attempts: number, dueAt: number): void {
    assigned.ledger.note(held.record.offset, attempts, dueAt)
    this.#committer.note(assigned)
  }

  #ack(receipt: Receipt): SettleOutcome | Promise<SettleOutcome> {
    if (!this.#hooks.usable(receipt) || receipt.state === 'gone') return LOST
    const { assigned, held } = receipt
    const { offset } = held.record
    if (receipt.state === 'out') {
      receipt.state = 'acked'
      assigned.ledger.finish(offset)
      this.#hooks.left(receipt)
    }
    return this.#committer.finished(assigned, offset)
  }

  /** A copy where it goes, then the ack. */
  async #retry(one: Settlement<Receipt> & { as: 'retry' }): Promise<SettleOutcome> {
    const { receipt } = one
    if (!this.#hooks.usable(receipt) || receipt.state === 'gone') return LOST
    try {
      // One that was acked has its copy already, and is only asked for again.
      const outcome = receipt.state === 'out' ? await this.#copy(one) : undefined
      return outcome ?? (await this.#ack(receipt))
    } catch (error) {
      return { as: 'error', error }
    }
  }

  /** Undefined where the copy is stored and the ack is next. */
  async #copy({
    receipt,
    delayMs,
    attempts,
  }: Settlement<Receipt> & { as: 'retry' }): Promise<SettleOutcome | undefined> {
    const { assigned, held } = receipt
    const now = this.#runtime.wallNow()
    const dueAt = delayMs > 0 ? Math.ceil(now + delayMs) : 0
    const target = this.#retries?.(delayMs)
    if (target === undefined) {
      receipt.state = 'gone'
      this.#hooks.left(receipt)
      this.note(receipt, attempts, dueAt)
      assigned.putBack([{ record: held.record, attempts, dueAt }])
      this.#hooks.back()
      return OK
    }
    const place = `k${assigned.partition}-${held.record.offset}`
    const { id } = fromRecord(held.record, { kind: 'inbox' }, place)
    const copy = copyRecord(held.record, id, attempts, dueAt, now)
    const produced = await this.#client.produce(target.topic, new Map([[target.partition, [copy]]]))
    const outcome = produced.get(target.partition)
    if (outcome?.as !== 'stored') return { as: 'error', error: outcome?.error ?? new Error('no outcome') }
    return this.#hooks.usable(receipt) ? undefined : LOST
  }
}
