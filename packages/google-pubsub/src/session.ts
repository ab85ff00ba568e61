import type { Runtime } from '@anybroker/driver'
import type { Clients } from './clients.ts'
import type { Sharer } from './deal.ts'
import { type Discounts, discountsOf } from './discounts.ts'
import { NOT_FOUND, PERMISSION_DENIED, statusOf } from './errors.ts'
import { Names } from './names.ts'
import type { Settings } from './options.ts'
import type { Taken } from './taken.ts'

/** The client's own retries are off, because core retries and must know what was unknown; its deadline stands above core's defaults. */
const CALL = { timeout: 35_000, retry: null }

/** Options of one call: a new object each, because the client writes into it. */
export function call(): { timeout: number; retry: null } {
  return { ...CALL }
}

/** Waits for a request; an abort ends the wait with the signal's reason, and leaves the request alone. */
export async function request<T>(signal: AbortSignal | undefined, send: () => Promise<T>): Promise<T> {
  if (signal === undefined) return send()
  signal.throwIfAborted()
  let abort = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
  })
  try {
    return await Promise.race([send(), aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** What all of one connection share. */
export class Session {
  readonly clients: Clients
  readonly names: Names
  readonly settings: Settings
  readonly runtime: Runtime
  /** Receivers by the path of their subscription. */
  readonly receivers: Map<string, Set<Beside>> = new Map()
  readonly discounts: Discounts
  /** Streams that are open, and those of them that were asked to end: they outlive their receivers. */
  readonly calls: Set<{ cancel(): void }> = new Set()
  readonly ending: Set<Promise<void>> = new Set()

  constructor(clients: Clients, settings: Settings, runtime: Runtime) {
    this.clients = clients
    this.names = new Names(clients.project, settings.namespace)
    this.settings = settings
    this.discounts = discountsOf(settings.emulator ?? '')
    this.runtime = runtime
  }

  /** Whether a topic is there; `unknown` where we may not ask. */
  async hasTopic(name: string, signal: AbortSignal | undefined): Promise<boolean | 'unknown'> {
    const topic = this.names.topicPath(name)
    return has(() => request(signal, () => this.clients.publisher.getTopic({ topic }, call())))
  }

  async hasSubscription(name: string, signal: AbortSignal | undefined): Promise<boolean | 'unknown'> {
    const subscription = this.names.subscriptionPath(name)
    return has(() => request(signal, () => this.clients.subscriber.getSubscription({ subscription }, call())))
  }
}

/** A receiver, as others of its connection see it. */
export interface Beside extends Sharer<Taken> {
  /** It takes nothing now. */
  readonly stopped: boolean
  /** Stops its streams: what comes until `resumeAfterSeek` is not of this place in time. */
  stopForSeek(): Promise<void>
  /** `moved`: what is in hand is lost. */
  resumeAfterSeek(moved: boolean): void
}

async function has(ask: () => Promise<unknown>): Promise<boolean | 'unknown'> {
  try {
    await ask()
    return true
  } catch (error) {
    const status = statusOf(error)
    if (status === NOT_FOUND) return false
    if (status === PERMISSION_DENIED) return 'unknown'
    throw error
  }
}
