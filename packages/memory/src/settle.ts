import type { ExtendOutcome, SettleOutcome, Settlement } from '@anybroker/driver'
import { Held } from './engine/held.ts'
import type { Holder } from './engine/holder.ts'

const OK: SettleOutcome = Object.freeze({ as: 'ok' })
const LOST: SettleOutcome & ExtendOutcome = Object.freeze({ as: 'lost' })

/** Each on its own: a stale receipt, another receiver's or one whose lease is over settles nothing. */
export function settle(holder: Holder, batch: readonly Settlement[]): readonly SettleOutcome[] {
  const { source } = holder
  const now = holder.session.store.alarm.now()
  return batch.map((settlement) => {
    const held = live(holder, settlement.receipt, now)
    if (held === undefined) return LOST
    if (settlement.as === 'ack') source.ack(held)
    else source.retry(held, settlement.delayMs, settlement.attempts, settlement.order)
    return OK
  })
}

export function extend(holder: Holder, receipts: readonly unknown[], leaseMs: number): readonly ExtendOutcome[] {
  const now = holder.session.store.alarm.now()
  return receipts.map((receipt) => {
    const held = live(holder, receipt, now)
    return held === undefined ? LOST : { as: 'ok', leaseUntil: holder.source.extend(held, leaseMs) }
  })
}

export function release(
  holder: Holder,
  back: readonly { readonly receipt: unknown; readonly attempts: number }[],
): readonly SettleOutcome[] {
  const now = holder.session.store.alarm.now()
  const given = new Map<Held, number>()
  const outcomes = back.map(({ receipt, attempts }) => {
    const held = live(holder, receipt, now)
    if (held === undefined || given.has(held)) return LOST
    given.set(held, attempts)
    return OK
  })
  holder.source.release(given)
  return outcomes
}

/** Writes down what a delivery has used up, and when it is due if it is held, for the case that its receiver dies. */
export function writeDown(
  holder: Holder,
  held: readonly { readonly receipt: unknown; readonly attempts: number; readonly dueAt?: number }[],
): void {
  const now = holder.session.store.alarm.now()
  for (const { receipt, attempts, dueAt = 0 } of held) {
    const one = live(holder, receipt, now)
    if (one !== undefined) one.written = { attempts, dueAt }
  }
}

/** Judged by the clock, whether or not the end of the lease was noticed yet. */
function live(holder: Holder, receipt: unknown, now: number): Held | undefined {
  return receipt instanceof Held && receipt.holder === holder && receipt.deadline > now ? receipt : undefined
}
