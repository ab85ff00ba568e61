import type { WireMessage } from '@anybroker/driver'
import type { Lane } from './lane.ts'

/** A message as the store keeps it: once, however many subscriptions it went to. */
export class Stored {
  readonly message: WireMessage
  readonly bytes: number
  /** Entries that point here; the bytes are counted while there is one. Kept by `Room`. */
  entries = 0

  constructor(message: WireMessage, bytes: number) {
    this.message = message
    this.bytes = bytes
  }
}

/** The place of a message in one backlog, waiting or in hand. */
export class Entry {
  readonly stored: Stored
  /** Wall clock. */
  readonly enqueuedAt: number
  /** Its place in the order of its key. A new one is drawn when it goes to the tail. */
  sequence: number
  /** Attempts used up: the next delivery is this plus one. */
  attempts: number
  /** On the clock's scale while it waits for its time; else 0. */
  dueAt: number
  taken = false
  /** A harsh store delivered it again after its ack; once is enough. */
  repeated = false
  /** While it waits in a lane or is in hand out of one. */
  lane: Lane | undefined = undefined

  constructor(stored: Stored, sequence: number, dueAt: number, enqueuedAt: number) {
    this.stored = stored
    this.sequence = sequence
    this.dueAt = dueAt
    this.enqueuedAt = enqueuedAt
    this.attempts = stored.message.carriedAttempts ?? 0
  }
}
