import type { WireMessage } from '@anybroker/driver'
import type { Sent } from '../api/message.ts'
import type { Links } from '../linked.ts'

/** One message between `send` and the broker's word on it. */
export interface Item extends Links<Item> {
  readonly wire: WireMessage
  readonly bytes: number
  /** On `runtime.now()`'s scale. */
  readonly deadline: number
  readonly resolve: (sent: Sent) => void
  readonly reject: (error: unknown) => void
  /** Takes its listener off the caller's signal, where it gave one. */
  leave?: (() => void) | undefined
  /** Sends so far: the next backoff, and whether it ever reached the driver. */
  tries: number
  /** Some try ended without proof that nothing was stored: from then on no failure may be called refused (invariant 4). */
  maybeStored: boolean
  /** Of the last try. */
  error: unknown
  state: 'waiting' | 'ready' | 'sending' | 'backing-off' | 'done'
}

/** What the caller hears if it ends now. */
export function outcomeOf(item: Item): 'refused' | 'unknown' {
  return item.maybeStored || item.state === 'sending' ? 'unknown' : 'refused'
}
