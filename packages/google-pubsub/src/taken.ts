import { EpochReceipt, messageBytes, type SourceRef, type WireMessage } from '@anybroker/driver'
import type { Discounts } from './discounts.ts'
import { isOrdered } from './names.ts'
import { fromReceived, type Received } from './wire.ts'

/** One message in hand. */
export interface Taken {
  readonly from: Received
  /** The path of the subscription that brought it: its own, or its lane. */
  readonly path: string
  readonly ackId: string
  readonly message: WireMessage
  readonly key: string | undefined
  readonly bytes: number
  /** In the order of their arrival. */
  readonly number: number
  /** When the service took it: wall clock, milliseconds. */
  readonly publishedAt: number
  attempt: number
  /** On `runtime.now()`'s scale. */
  leaseUntil: number
  /** Its copy is confirmed: a settlement that is tried again makes no second one. */
  copied?: true
}

export type Receipt = EpochReceipt<Taken>

/** The receipt, if it can still be settled. */
export function live(receipt: unknown): Receipt | undefined {
  return receipt instanceof EpochReceipt && receipt.live ? (receipt as Receipt) : undefined
}

/** How a message came, beside what it is. */
export interface Arrival {
  readonly source: SourceRef
  readonly path: string
  readonly number: number
  readonly leaseUntil: number
  readonly discounts: Discounts
}

/** A message in hand, and for which inbox it is where it came by the topic of replies. */
export function toTaken(
  from: Received,
  arrival: Arrival,
): { readonly taken: Taken; readonly inbox: string | undefined } {
  const { source, path, number, leaseUntil, discounts } = arrival
  const { message, attempt, publishedAt, inbox } = fromReceived(from, source)
  const discount = discounts.of(path, from.message?.messageId ?? '')
  const taken: Taken = {
    from,
    path,
    ackId: from.ackId ?? '',
    message,
    key: isOrdered(source) ? message.key : undefined,
    bytes: messageBytes(message),
    number,
    publishedAt,
    attempt: Math.max((message.carriedAttempts ?? 0) + 1, attempt - discount),
    leaseUntil,
  }
  return { taken, inbox }
}
