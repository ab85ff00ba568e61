import type { Ordering, WireMessage } from '@anybroker/driver'
import { deleted } from '../errors.ts'
import { Dedup } from './dedup.ts'
import { admit, type Destination, dueAt, Full, type Put } from './destination.ts'
import type { Namespace } from './namespace.ts'
import type { Store } from './store.ts'
import { Subscription, type SubscriptionSettings } from './subscription.ts'
import { TopicLog } from './topic-log.ts'

/** Copies entries, never messages: what is published is stored once and pointed to by each subscription that wants it. */
export class Topic implements Destination {
  readonly name: string
  readonly ordering: Ordering
  readonly subscriptions: Map<string, Subscription> = new Map()
  readonly #home: Namespace
  readonly #store: Store
  readonly #log: TopicLog
  readonly #dedup: Dedup

  constructor(home: Namespace, name: string, ordering: Ordering) {
    const { store } = home
    this.#home = home
    this.#store = store
    this.name = name
    this.ordering = ordering
    this.#log = new TopicLog(store.settings.topicLogBytes)
    this.#dedup = new Dedup(store.settings.dedupWindowMs, store.alarm, store.room)
  }

  put(message: WireMessage, wallNow: number): Put {
    const store = this.#store
    const { dedupId } = message
    if (dedupId !== undefined && this.#dedup.knows(dedupId, store.alarm.now())) return 'duplicate'
    const takers: Subscription[] = []
    for (const subscription of this.subscriptions.values()) if (subscription.matches(message)) takers.push(subscription)
    const stored = admit(store, message, takers.length, dedupId === undefined ? 0 : this.#dedup.bytes(dedupId))
    if (stored instanceof Full) return stored
    const sequence = store.nextSequence()
    const due = dueAt(store, message, wallNow)
    for (const { source } of takers) source.add(stored, sequence, due, wallNow)
    this.#log.append(stored, wallNow)
    if (dedupId !== undefined) this.#dedup.remember(dedupId, store.alarm.now())
    this.#home.record?.published(this.name, message)
    return sequence
  }

  /** A new subscription; undefined where there is no room for what it is to begin with. */
  subscribe(name: string, settings: SubscriptionSettings): Subscription | Full {
    const { name: topic, ordering } = this
    const reap = () => this.#remove(name, subscription)
    const subscription = new Subscription(this.#home, `${topic}/${name}`, ordering === 'key', settings, reap)
    const full = settings.from === 'earliest' ? this.replay(subscription, -Infinity) : undefined
    if (full !== undefined) return full
    this.subscriptions.set(name, subscription)
    return subscription
  }

  /** Adds what the log still has of a time and after, as far as the filter lets it; all of it or nothing. */
  replay(subscription: Subscription, since: number): Full | undefined {
    const { room, alarm } = this.#store
    const wallNow = alarm.wallNow()
    const logged = this.#log.since(since, wallNow).filter(({ message }) => subscription.matches(message))
    const needed = logged.reduce((sum, stored) => sum + room.needs(stored), 0)
    if (!room.fits(needed)) return new Full(needed)
    for (const stored of logged) {
      const { message } = stored
      subscription.source.add(stored, this.#store.nextSequence(), dueAt(this.#store, message, wallNow), wallNow)
    }
    return undefined
  }

  #remove(name: string, subscription: Subscription): void {
    if (this.subscriptions.get(name) !== subscription) return
    this.subscriptions.delete(name)
    subscription.end(deleted(`subscription ${subscription.source.name}`))
  }

  end(error: Error): void {
    for (const subscription of this.subscriptions.values()) subscription.end(error)
    this.subscriptions.clear()
    this.#dedup.clear()
  }
}
