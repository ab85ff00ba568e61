/** `key`: messages of one key stay in order. Fixed when the entity is created. */
export type Ordering = 'none' | 'key'

export interface QueueRef {
  readonly kind: 'queue'
  readonly name: string
  readonly ordering: Ordering
}

export interface TopicRef {
  readonly kind: 'topic'
  readonly name: string
  readonly ordering: Ordering
}

/**
 * A subscription of a topic, whose ordering it inherits. An ephemeral one has a name that core drew (`runtime.id()` without
 * dashes): it is created by `ensure`, attached by `openReceiver`, attached again under the same name after a reconnect, and
 * deleted by core on close; `maintain` reaps those of the dead.
 */
export interface SubscriptionRef {
  readonly kind: 'subscription'
  readonly topic: string
  readonly name: string
  readonly ordering: Ordering
  readonly durability: 'durable' | 'ephemeral'
}

/** The dead-letter queue of one queue or one subscription. Made and deleted with its owner; unordered. */
export interface DeadLettersRef {
  readonly kind: 'dead-letters'
  readonly of: QueueRef | SubscriptionRef
}

/** Where replies go. Opened without an address it is this connection's own; `Receiver.address` then names it for others. */
export interface InboxRef {
  readonly kind: 'inbox'
  readonly address?: string
}

/** What topology creates, describes and deletes. */
export type EntityRef = QueueRef | TopicRef | SubscriptionRef

/**
 * What can be opened. A sender to a subscription reaches that subscription alone (redrive, S3); a sender to a topic reaches every
 * subscription. Nobody receives from a topic.
 */
export type Ref = EntityRef | DeadLettersRef | InboxRef

/** What can be received from, counted, peeked into, purged. */
export type SourceRef = QueueRef | SubscriptionRef | DeadLettersRef | InboxRef
