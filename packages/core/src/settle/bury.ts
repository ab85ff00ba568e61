import { BrokerError, cutText, type DeadReason, type WireMessage } from '@anybroker/driver'
import { messageOf } from '../codec/body.ts'
import type { Outbox } from '../send/outbox.ts'

/** What a message takes with it into the dead-letter queue. */
export interface Death {
  readonly origin: string
  readonly reason: DeadReason
  readonly error: unknown
  readonly attempts: number
}

/**
 * The copy for the dead-letter queue: body and headers untouched, origin and reason beside them (D4). What belonged to the journey
 * is left behind: a letter neither expires nor waits, and is not a duplicate of itself.
 */
export function deadCopy(message: WireMessage, death: Death, at: number): WireMessage {
  const {
    deliverAt: _deliverAt,
    expiresAt: _expiresAt,
    dedupId: _dedupId,
    carriedAttempts: _carriedAttempts,
    ...rest
  } = message
  const { origin, reason, error, attempts } = death
  const text = error === undefined ? undefined : cutText(messageOf(error))
  return {
    ...rest,
    dead: { origin, reason, attempts, at, ...(text === undefined || text === '' ? {} : { error: text }) },
  }
}

/** A letter on its way back: as it was before it died, attempts from 1. */
export function liveCopy(letter: WireMessage): WireMessage {
  const { dead: _dead, carriedAttempts: _carriedAttempts, ...rest } = letter
  return rest
}

/** Resolves when the broker confirmed the copy; only then may the original be acked (invariant 1). */
export async function bury(
  outbox: Outbox,
  message: WireMessage,
  death: Death,
  at: number,
  timeoutMs: number,
): Promise<void> {
  const copy = deadCopy(message, death, at)
  try {
    await outbox.submit(copy, { timeoutMs })
  } catch (error) {
    if (!(error instanceof BrokerError && error.code === 'MESSAGE_TOO_LARGE') || copy.dead?.error === undefined)
      throw error
    // The reason was what made it too large.
    await outbox.submit(deadCopy(message, { ...death, error: undefined }, at), { timeoutMs })
  }
}
