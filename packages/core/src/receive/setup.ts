import type { Connection, Filter, SourceRef } from '@anybroker/driver'
import type { Body } from '../codec/body.ts'
import type { Events } from '../events.ts'
import type { Link } from '../link/link.ts'
import type { FullConsumeOptions } from '../options/consume-options.ts'
import type { Outbox } from '../send/outbox.ts'
import type { DeliveryHost } from './open-delivery.ts'

/** What becomes of a message that nobody can handle. */
export type Undertaker =
  /** A queue or a durable subscription: the copy goes there, confirmed. */
  | { readonly as: 'bury'; readonly outbox: Outbox; readonly origin: string }
  /** An ephemeral subscription has no dead letters: dropped, counted, told. */
  | { readonly as: 'drop' }
  /** These are dead letters: a reject drops one, a retry keeps it, none has attempts left to lose. */
  | { readonly as: 'letters' }

/** What one consumer is made of. */
export interface ConsumerSetup {
  readonly link: Link
  readonly events: Events
  readonly source: SourceRef
  readonly name: string
  readonly ordered: boolean
  readonly options: FullConsumeOptions
  readonly undertaker: Undertaker
  readonly body: Body<unknown>
  /** What core must filter because the driver does not. */
  readonly filter: Filter | undefined
  readonly sendTimeoutMs: number
  readonly settleTimeoutMs: number
  readonly openTimeoutMs: number
  /** Before each attachment, the first and those after a reconnect: an ephemeral subscription is made again. */
  readonly beforeAttach?: (connection: Connection, signal: AbortSignal) => Promise<void>
  readonly reply: DeliveryHost['reply']
}

/** What a consumer did so far. */
export interface Counts {
  acked: number
  retried: number
  deadLettered: number
  dropped: number
  expired: number
  lost: number
}
