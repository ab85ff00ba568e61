import type { Runtime } from '@anybroker/driver'
import type { Committed, LogClient } from './client/port.ts'
import type { Names } from './names.ts'
import type { Settings } from './options.ts'
import type { KafkaReceiver } from './receive.ts'
import type { Registry } from './registry.ts'

/** What outlives a connection, in the driver: the next connection goes on with it. */
export interface Memory {
  /** Members that dead connections left behind in their groups, where others would wait for the end of their session. */
  readonly orphans: { readonly group: string; readonly member: string }[]
  /** Where ephemeral subscriptions stand, by name, and inboxes, by address. */
  readonly positions: Map<string, Map<string, Committed>>
}

/** One connection, for whatever hangs on it. */
export interface Session {
  readonly client: LogClient
  readonly runtime: Runtime
  readonly settings: Settings
  readonly names: Names
  readonly registry: Registry
  readonly memory: Memory
  /** By group. */
  readonly receivers: Map<KafkaReceiver, string>
}
