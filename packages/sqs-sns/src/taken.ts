import { EpochReceipt, type WireMessage } from '@anybroker/driver'
import type { Message } from '@aws-sdk/client-sqs'

/** One message in hand. */
export interface Taken {
  readonly from: Message
  readonly handle: string
  readonly message: WireMessage
  readonly attempt: number
  /** On `runtime.now()`'s scale: when it was received, and until when it is hidden from others. */
  readonly receivedAt: number
  leaseUntil: number
}

export type Receipt = EpochReceipt<Taken>

/** The receipt, if it can still be settled. */
export function live(receipt: unknown): Receipt | undefined {
  return receipt instanceof EpochReceipt && receipt.live ? (receipt as Receipt) : undefined
}
