import type { Settings } from '../options.ts'
import { Alarm } from './alarm.ts'
import { Harsh } from './harsh.ts'
import { Namespace } from './namespace.ts'
import { Orphans } from './orphans.ts'
import { Room } from './room.ts'

const RECLAIM_EVERY_MS = 1000

/** The broker: what all connections of one driver, or to one name, share. */
export class Store {
  readonly settings: Settings
  readonly alarm: Alarm = new Alarm()
  readonly orphans: Orphans = new Orphans(this.alarm)
  readonly room: Room
  readonly harsh: Harsh | undefined
  readonly #namespaces = new Map<string, Namespace>()
  #sequence = 0
  #reclaimAt = -Infinity
  #idlers: { readonly namespace: Namespace; readonly resolve: () => void }[] = []

  constructor(settings: Settings) {
    this.settings = settings
    this.room = new Room(settings.maxBytes)
    this.harsh = settings.profile === 'harsh' ? new Harsh(settings.seed) : undefined
  }

  namespace(name: string): Namespace {
    let namespace = this.#namespaces.get(name)
    if (namespace === undefined) this.#namespaces.set(name, (namespace = new Namespace(this)))
    return namespace
  }

  /** One count for the whole store: evidence, and the order of the messages of a key. Begins at 1. */
  nextSequence(): number {
    return (this.#sequence += 1)
  }

  /**
   * Drops what expired unseen, to make room. Looks at all that waits, and so at most once a second. False where nothing came free.
   */
  reclaim(): boolean {
    const now = this.alarm.now()
    if (now < this.#reclaimAt) return false
    this.#reclaimAt = now + RECLAIM_EVERY_MS
    const { used } = this.room
    for (const namespace of this.#namespaces.values()) for (const source of namespace.sources()) source.dropExpired()
    return this.room.used < used
  }

  /** Resolves once nothing is ready or in hand in the queues and subscriptions of a namespace. */
  idle(namespace: Namespace): Promise<void> {
    return new Promise((resolve) => {
      this.#idlers.push({ namespace, resolve })
      this.noticeIdle()
    })
  }

  /** To be called when a backlog may have become empty. */
  noticeIdle(): void {
    if (this.#idlers.length === 0) return
    const waiting = this.#idlers
    this.#idlers = waiting.filter((idler) => isBusy(idler.namespace))
    for (const idler of waiting) if (!this.#idlers.includes(idler)) idler.resolve()
  }
}

function isBusy(namespace: Namespace): boolean {
  for (const source of namespace.sources()) if (source.ready > 0 || source.inHand > 0) return true
  return false
}
