import type { DeadLettersRef, Ref, SourceRef, SubscriptionRef } from '@anybroker/driver'
import type { Destination } from './destination.ts'
import { Inbox } from './inbox.ts'
import { Queue } from './queue.ts'
import { Recording } from './record.ts'
import type { Source } from './source.ts'
import type { Store } from './store.ts'
import type { Subscription } from './subscription.ts'
import { Topic } from './topic.ts'

/** The entities of one namespace. Other namespaces of the store do not see them. */
export class Namespace {
  readonly queues: Map<string, Queue> = new Map()
  readonly topics: Map<string, Topic> = new Map()
  readonly inboxes: Map<string, Inbox> = new Map()
  readonly store: Store
  /** With `record: true` only. */
  readonly record: Recording | undefined

  constructor(store: Store) {
    this.store = store
    this.record = store.settings.record ? new Recording() : undefined
  }

  makeQueue(name: string, ordering: 'none' | 'key'): void {
    this.queues.set(name, new Queue(this, name, ordering))
  }

  makeTopic(name: string, ordering: 'none' | 'key'): void {
    this.topics.set(name, new Topic(this, name, ordering))
  }

  makeInbox(address: string): Inbox {
    const inbox = new Inbox(this, address)
    this.inboxes.set(address, inbox)
    return inbox
  }

  subscription(ref: Pick<SubscriptionRef, 'topic' | 'name'>): Subscription | undefined {
    return this.topics.get(ref.topic)?.subscriptions.get(ref.name)
  }

  /** Where a sender to `ref` puts messages; undefined where there is none. */
  destination(ref: Ref): Destination | undefined {
    switch (ref.kind) {
      case 'queue':
        return this.queues.get(ref.name)
      case 'topic':
        return this.topics.get(ref.name)
      case 'subscription':
        return this.subscription(ref)
      case 'dead-letters':
        return this.#owner(ref)?.deadLetters
      case 'inbox':
        return this.inboxes.get(ref.address ?? '')
    }
  }

  /** What a receiver of `ref` receives from; undefined where there is none. */
  source(ref: SourceRef): Source | undefined {
    switch (ref.kind) {
      case 'queue':
        return this.queues.get(ref.name)?.source
      case 'subscription':
        return this.subscription(ref)?.source
      case 'dead-letters':
        return this.#owner(ref)?.deadLetters.source
      case 'inbox':
        return this.inboxes.get(ref.address ?? '')?.source
    }
  }

  /** Queues and subscriptions: where work waits. Dead letters wait for nobody in particular. */
  *sources(): Generator<Source, void, undefined> {
    for (const { source } of this.queues.values()) yield source
    for (const topic of this.topics.values()) for (const { source } of topic.subscriptions.values()) yield source
  }

  #owner({ of }: DeadLettersRef): Queue | Subscription | undefined {
    return of.kind === 'queue' ? this.queues.get(of.name) : this.subscription(of)
  }
}
