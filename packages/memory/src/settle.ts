import type { ExtendOutcome, SettleOutcome, Settlement } from '@anybroker/driver'
import { Held } from './engine/held.ts'
import type { Holder } from './engine/holder.ts'

const OK: SettleOutcome = Object.freeze({ as: 'ok' })
const LOST: SettleOutcome & ExtendOutcome = Object.freeze({ as: 'lost' })

/** Each on its own: a stale receipt, another receiver's or one whose lease is over settles nothing. */
export function settle(holder: Holder, batch: readonly Settlement[]): readonly SettleOutcome[] {
  const { source } = holder
  return batch.map((settlement) => {
    const held = live(holder, settlement.receipt)
    if (held === undefined) return LOST
    if (settlement.as === 'ack') source.ack(held)
    else source.retry(held, settlement.delayMs, settlement.attempts, settlement.order)
    return OK
  })
}

export function extend(holder: Holder, receipts: readonly unknown[], leaseMs: number): readonly ExtendOutcome[] {
  return receipts.map((receipt) => {
    const held = live(holder, receipt)
    return held === undefined ? LOST : { as: 'ok', leaseUntil: holder.source.extend(held, leaseMs) }
  })
}

export function release(
  holder: Holder,
  back: readonly { readonly receipt: unknown; readonly attempts: number }[],
): readonly SettleOutcome[] {
  const given: { readonly held: Held; readonly attempts: number }[] = []
  const outcomes = back.map(({ receipt, attempts }) => {
    const held = live(holder, receipt)
    if (held === undefined) return LOST
    given.push({ held, attempts })
    return OK
  })
  holder.source.release(given)
  return outcomes
}

/** Writes down what a delivery has used up and when it is due, for the case that its receiver dies. */
export function hold(
  holder: Holder,
  held: readonly { readonly receipt: unknown; readonly attempts: number; readonly dueAt: number }[],
): void {
  for (const { receipt, attempts, dueAt } of held) {
    const one = live(holder, receipt)
    if (one !== undefined) one.written = { attempts, dueAt }
  }
}

function live(holder: Holder, receipt: unknown): Held | undefined {
  return receipt instanceof Held && holder.source.holds(receipt, holder) ? receipt : undefined
}
