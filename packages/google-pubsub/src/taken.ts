import { EpochReceipt, messageBytes, type WireMessage } from '@anybroker/driver'
import type { Received } from './wire.ts'

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

/** What a buffer counts. */
export function bytesOf(message: WireMessage): number {
  return messageBytes(message)
}
