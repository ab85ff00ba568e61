import type { WireDelivery, WireMessage } from '@anybroker/driver'
import type { Entry } from './entry.ts'
import type { Holder } from './holder.ts'

/**
 * One delivery in hand, and its own receipt: another take of the same message is another object, so that a stale receipt can
 * settle nothing. Plain fields, because wrappers copy deliveries by spreading them.
 */
export class Held implements WireDelivery<Held> {
  readonly receipt: Held
  readonly message: WireMessage
  readonly attempt: number
  readonly redelivered: boolean
  readonly leaseUntil: number
  readonly enqueuedAt: number
  readonly native: unknown
  readonly entry: Entry
  /** Who holds it; undefined once it was settled, given back or lost. */
  holder: Holder | undefined
  /** When the store takes it back: the lease, and what it is late to notice. */
  deadline: number
  /** What `started` and `hold` wrote down; `dueAt` 0 while a handler has it. */
  written: { readonly attempts: number; readonly dueAt: number } | undefined = undefined
  /** Links of the holder's list, which is sorted by deadline. */
  before: Held | undefined = undefined
  after: Held | undefined = undefined

  constructor(entry: Entry, holder: Holder, leaseUntil: number, deadline: number) {
    this.receipt = this
    this.message = entry.stored.message
    this.attempt = entry.attempts + 1
    this.redelivered = entry.taken
    this.leaseUntil = leaseUntil
    this.enqueuedAt = entry.enqueuedAt
    this.native = entry.stored.message
    this.entry = entry
    this.holder = holder
    this.deadline = deadline
  }
}
