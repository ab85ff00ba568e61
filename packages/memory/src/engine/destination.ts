import type { WireMessage } from '@anybroker/driver'
import { messageBytes } from '@anybroker/driver'
import { Stored } from './entry.ts'
import { ENTRY_BYTES } from './room.ts'
import type { Store } from './store.ts'

/** Not stored, because so many bytes are not free. */
export class Full {
  readonly bytes: number

  constructor(bytes: number) {
    this.bytes = bytes
  }
}

/** A sequence number: stored. `duplicate`: its dedup id was seen within the window, and nothing was stored. */
export type Put = number | 'duplicate' | Full

/** Where messages go. */
export interface Destination {
  /** `wallNow` is read once for a batch. */
  put(message: WireMessage, wallNow: number): Put
}

/** Measures a message and looks for room for it and so many entries. */
export function admit(store: Store, message: WireMessage, entries: number, extra = 0): Stored | Full {
  const bytes = messageBytes(message)
  const needed = bytes + (entries + 1) * ENTRY_BYTES + extra
  return store.room.fits(needed) ? new Stored(message, bytes) : new Full(needed)
}

/** When it is due on the store's clock; 0 for now. */
export function dueAt(store: Store, message: WireMessage, wallNow: number): number {
  const { deliverAt } = message
  return deliverAt === undefined || deliverAt <= wallNow ? 0 : store.alarm.now() + deliverAt - wallNow
}
