import { DeleteTopicCommand } from '@aws-sdk/client-sns'
import { ListQueueTagsCommand } from '@aws-sdk/client-sqs'
import type {
  Ensured,
  EntityRef,
  EntitySettings,
  QueueRef,
  SubscriptionRef,
  Topology,
  TopicRef,
} from '@anybroker/driver'
import { Creation } from './creation.ts'
import type { Ephemerals } from './ephemerals.ts'
import { notFound } from './errors.ts'
import { differences, identityOf } from './identity.ts'
import { listed, subscriptionsOf } from './listing.ts'
import { described, otherMode, topicOf } from './names.ts'
import { dropQueue, unsubscribe } from './removal.ts'
import { request, type Session } from './session.ts'
import { SUBSCRIPTION_TAG } from './tags.ts'

const CREATED: Ensured = Object.freeze({ as: 'created' })
const SAME: Ensured = Object.freeze({ as: 'same' })

type Owner = QueueRef | SubscriptionRef

/** A mode is part of the name: what was asked for in one may be there in the other. */
export class SqsSnsTopology implements Topology {
  readonly #session: Session
  readonly #ephemerals: Ephemerals
  readonly #creation: Creation

  constructor(session: Session, ephemerals: Ephemerals) {
    this.#session = session
    this.#ephemerals = ephemerals
    this.#creation = new Creation(session, ephemerals)
  }

  async ensure(ref: EntityRef, settings: EntitySettings, signal: AbortSignal): Promise<Ensured> {
    const there = await this.check(ref, settings, signal)
    if (there !== undefined) return there
    if (ref.kind === 'topic') await this.#creation.topic(ref, signal)
    else if (ref.kind === 'queue') await this.#creation.queue(ref, settings, signal)
    else await this.#creation.subscription(ref, await this.#topicArn(ref, signal), settings, signal)
    return CREATED
  }

  /** What lacks a part, its dead letters or its subscription, counts as missing: `ensure` then makes that part. */
  async check(ref: EntityRef, settings: EntitySettings, signal: AbortSignal): Promise<Ensured | undefined> {
    refuseNative(ref, settings)
    if (ref.kind === 'topic') return this.#checkTopic(ref, signal)
    if (ref.kind === 'subscription') await this.#topicArn(ref, signal)
    const [url, dead] = await this.#urls(ref, signal)
    if (url === undefined) {
      if (isEphemeral(ref)) return undefined
      const [other] = await this.#urls(otherMode(ref), signal)
      return other === undefined ? undefined : differs(otherMode(ref), ref)
    }
    if (ref.kind === 'queue') return dead === undefined ? undefined : SAME
    const found = await this.#checkSubscription(settings, url, signal)
    return found?.as === 'same' && dead === undefined && !isEphemeral(ref) ? undefined : found
  }

  /** In whatever mode it is. */
  async delete(ref: EntityRef, signal: AbortSignal): Promise<boolean> {
    const both = await Promise.all(
      [ref, otherMode(ref)].map((each) =>
        each.kind === 'topic' ? this.#deleteTopic(each, signal) : this.#deleteQueue(each, signal),
      ),
    )
    return both.some(Boolean)
  }

  async list(signal: AbortSignal): Promise<readonly EntityRef[]> {
    return listed(this.#session, signal)
  }

  async #checkTopic(ref: TopicRef, signal: AbortSignal): Promise<Ensured | undefined> {
    if ((await this.#session.topicArn(ref, signal)) !== undefined) return SAME
    const other = await this.#session.topicArn(otherMode(ref), signal)
    return other === undefined ? undefined : differs(otherMode(ref), ref)
  }

  async #topicArn(ref: SubscriptionRef, signal: AbortSignal): Promise<string> {
    const arn = await this.#session.topicArn(topicOf(ref), signal)
    if (arn === undefined) throw notFound(`opening ${described(ref)}`, topicOf(ref))
    return arn
  }

  /** Of the queue and of its dead letters, which an ephemeral one has not. */
  #urls(ref: Owner, signal: AbortSignal): Promise<readonly (string | undefined)[]> {
    const { names } = this.#session
    const owned = isEphemeral(ref) ? [ref] : [ref, { kind: 'dead-letters', of: ref } as const]
    return Promise.all(owned.map((each) => this.#session.queueUrl(names.queue(each), signal)))
  }

  async #checkSubscription(settings: EntitySettings, url: string, signal: AbortSignal): Promise<Ensured | undefined> {
    const tags = await this.#tags(url, signal)
    const found = differences(tags, identityOf(settings))
    if (found.length > 0) return { as: 'differs', differences: found }
    // Without it, whoever made it died half way.
    return tags[SUBSCRIPTION_TAG] === undefined ? undefined : SAME
  }

  async #tags(url: string, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    const command = new ListQueueTagsCommand({ QueueUrl: url })
    const { Tags = {} } = await request(signal, (options) => this.#session.clients.sqs.send(command, options))
    return Tags
  }

  /** The subscription first: one without its queue would stay behind on the topic. */
  async #deleteQueue(ref: Owner, signal: AbortSignal): Promise<boolean> {
    const [url, dead] = await this.#urls(ref, signal)
    if (url !== undefined && ref.kind === 'subscription')
      await unsubscribe(this.#session, (await this.#tags(url, signal))[SUBSCRIPTION_TAG], signal)
    for (const each of [url, dead]) if (each !== undefined) await dropQueue(this.#session, each, signal)
    if (isEphemeral(ref)) this.#ephemerals.delete(this.#session.names.queue(ref))
    return url !== undefined
  }

  /** With the queues of ours that are subscribed to it; those of others stay, without their subscription. */
  async #deleteTopic(ref: TopicRef, signal: AbortSignal): Promise<boolean> {
    const arn = await this.#session.topicArn(ref, signal)
    if (arn === undefined) return false
    for (const owned of await subscriptionsOf(this.#session, arn, ref, signal)) await this.#deleteQueue(owned, signal)
    const command = new DeleteTopicCommand({ TopicArn: arn })
    await request(signal, (options) => this.#session.clients.sns.send(command, options))
    return true
  }
}

function isEphemeral(ref: EntityRef): ref is SubscriptionRef & { readonly durability: 'ephemeral' } {
  return ref.kind === 'subscription' && ref.durability === 'ephemeral'
}

function differs(there: EntityRef, asked: EntityRef): Ensured {
  return { as: 'differs', differences: [`ordering: there ${there.ordering}, asked ${asked.ordering}`] }
}

function refuseNative(ref: EntityRef, { native }: EntitySettings): void {
  const [key] = Object.keys(native ?? {})
  if (key !== undefined)
    throw new TypeError(`native.sqs-sns.${key} of ${described(ref)}: sqs-sns has no options of its own for it`)
}
