import { CreateTopicCommand, DeleteTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns'
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ListQueueTagsCommand,
  type QueueAttributeName,
  SetQueueAttributesCommand,
  TagQueueCommand,
} from '@aws-sdk/client-sqs'
import type {
  Ensured,
  EntityRef,
  EntitySettings,
  QueueRef,
  SubscriptionRef,
  Topology,
  TopicRef,
} from '@anybroker/driver'
import type { Ephemerals } from './ephemerals.ts'
import { describeError, notFound } from './errors.ts'
import { filterPolicy } from './filter-policy.ts'
import { differences, identityOf, identityTags } from './identity.ts'
import { QUEUE_MESSAGE_BYTES, RETENTION_SECONDS } from './limits.ts'
import { listed, subscriptionsOf } from './listing.ts'
import { described, isFifo, logicalName, otherMode, topicOf } from './names.ts'
import { mergedPolicy } from './queue-policy.ts'
import { dropQueue, unsubscribe } from './removal.ts'
import { request, type Session } from './session.ts'
import { KIND_TAG, NAME_TAG, SUBSCRIPTION_TAG } from './tags.ts'

const CREATED: Ensured = Object.freeze({ as: 'created' })
const SAME: Ensured = Object.freeze({ as: 'same' })

/** The lease of a receiver that asks for none: ours always do. */
const VISIBILITY_SECONDS = 30

/** The backstop stands that far above `maxAttempts`; SQS takes 1,000 at most. */
const BACKSTOP_ABOVE = 100
const MOST_RECEIVES = 1_000
const ATTEMPTS = 10

type Attributes = Partial<Record<QueueAttributeName, string>>

/** A dead-letter queue is made first, so that where its owner is, it is too; a subscription says by a tag that it is complete. */
export class SqsSnsTopology implements Topology {
  readonly #session: Session
  readonly #ephemerals: Ephemerals

  constructor(session: Session, ephemerals: Ephemerals) {
    this.#session = session
    this.#ephemerals = ephemerals
  }

  async ensure(ref: EntityRef, settings: EntitySettings, signal: AbortSignal): Promise<Ensured> {
    const there = await this.check(ref, settings, signal)
    if (there !== undefined) return there
    if (ref.kind === 'topic') await this.#createTopic(ref, signal)
    else if (ref.kind === 'queue') await this.#createQueue(ref, settings, signal)
    else await this.#subscribe(ref, settings, signal)
    return CREATED
  }

  async check(ref: EntityRef, settings: EntitySettings, signal: AbortSignal): Promise<Ensured | undefined> {
    refuseNative(ref, settings)
    if (ref.kind === 'topic') return this.#checkTopic(ref, signal)
    if (ref.kind === 'subscription') await this.#assertTopic(ref, signal)
    const url = await this.#session.queueUrl(this.#session.names.queue(ref), signal)
    if (url === undefined) {
      const other = await this.#session.queueUrl(this.#session.names.queue(otherMode(ref)), signal)
      return other === undefined || isEphemeral(ref) ? undefined : differs(otherMode(ref), ref)
    }
    return ref.kind === 'queue' ? SAME : this.#checkSubscription(settings, url, signal)
  }

  /** In whatever mode it is. */
  async delete(ref: EntityRef, signal: AbortSignal): Promise<boolean> {
    const both = await Promise.all([ref, otherMode(ref)].map((each) => this.#delete(each, signal)))
    return both.some(Boolean)
  }

  async list(signal: AbortSignal): Promise<readonly EntityRef[]> {
    return listed(this.#session, signal)
  }

  #delete(ref: EntityRef, signal: AbortSignal): Promise<boolean> {
    return ref.kind === 'topic' ? this.#deleteTopic(ref, signal) : this.#deleteQueue(ref, signal)
  }

  async #checkTopic(ref: TopicRef, signal: AbortSignal): Promise<Ensured | undefined> {
    if ((await this.#session.topicArn(ref, signal)) !== undefined) return SAME
    const other = await this.#session.topicArn(otherMode(ref), signal)
    return other === undefined ? undefined : differs(otherMode(ref), ref)
  }

  async #assertTopic(ref: SubscriptionRef, signal: AbortSignal): Promise<string> {
    const arn = await this.#session.topicArn(topicOf(ref), signal)
    if (arn === undefined) throw notFound(`opening ${described(ref)}`, topicOf(ref))
    return arn
  }

  async #checkSubscription(settings: EntitySettings, url: string, signal: AbortSignal): Promise<Ensured | undefined> {
    const { Tags = {} } = await request(signal, (options) =>
      this.#session.clients.sqs.send(new ListQueueTagsCommand({ QueueUrl: url }), options),
    )
    const found = differences(Tags, identityOf(settings))
    if (found.length > 0) return { as: 'differs', differences: found }
    // Without it, whoever made it died half way.
    return Tags[SUBSCRIPTION_TAG] === undefined ? undefined : SAME
  }

  async #createTopic(ref: TopicRef, signal: AbortSignal): Promise<void> {
    const command = new CreateTopicCommand({
      Name: this.#session.names.topic(ref, ref.ordering),
      Tags: [
        { Key: KIND_TAG, Value: 'topic' },
        { Key: NAME_TAG, Value: ref.name },
      ],
      ...(ref.ordering === 'key' ? { Attributes: { FifoTopic: 'true', ContentBasedDeduplication: 'false' } } : {}),
    })
    await request(signal, (options) => this.#session.clients.sns.send(command, options))
  }

  async #createQueue(ref: QueueRef, settings: EntitySettings, signal: AbortSignal): Promise<void> {
    const dead = await this.#createDeadLetters(ref, signal)
    await this.#create(this.#session.names.queue(ref), ref, redrive(dead.arn, settings), signal)
  }

  async #createDeadLetters(
    ref: QueueRef | SubscriptionRef,
    signal: AbortSignal,
  ): Promise<{ url: string; arn: string }> {
    const name = this.#session.names.queue({ kind: 'dead-letters', of: ref })
    const url = await this.#create(name, { kind: 'dead-letters', of: ref }, {}, signal)
    return { url, arn: await this.#session.queueArn(name, url, signal) }
  }

  /** Creates it, or finds that somebody else did meanwhile. */
  async #create(
    name: string,
    ref: EntityRef | { readonly kind: 'dead-letters'; readonly of: QueueRef | SubscriptionRef },
    attributes: Attributes,
    signal: AbortSignal,
    tags: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const command = new CreateQueueCommand({
      QueueName: name,
      Attributes: { ...COMMON, ...(isFifo(name) ? FIFO : {}), ...attributes },
      tags: { [KIND_TAG]: ref.kind, [NAME_TAG]: logicalName('of' in ref ? ref.of : ref), ...tags },
    })
    try {
      const { QueueUrl } = await request(signal, (options) => this.#session.clients.sqs.send(command, options))
      if (QueueUrl !== undefined) return QueueUrl
    } catch (error) {
      // It is there, with other attributes, and stays as it is.
      if (describeError(error).code !== 'CONFLICT') throw error
    }
    const url = await this.#session.queueUrl(name, signal)
    if (url === undefined) throw notFound(`creating ${name}`, 'of' in ref ? ref.of : ref)
    return url
  }

  async #subscribe(ref: SubscriptionRef, settings: EntitySettings, signal: AbortSignal): Promise<void> {
    const { names, clients, runtime, settings: own } = this.#session
    const topicArn = await this.#assertTopic(ref, signal)
    const name = names.queue(ref)
    const ephemeral = isEphemeral(ref)
    const dead = ephemeral ? undefined : await this.#createDeadLetters(ref, signal)
    const url = await this.#create(name, ref, dead === undefined ? {} : redrive(dead.arn, settings), signal, {
      ...(ephemeral ? this.#ephemerals.tag() : identityTags(identityOf(settings))),
    })
    const queueArn = await this.#session.queueArn(name, url, signal)
    await this.#allow(url, { queueArn, topicArn }, signal)
    if (dead !== undefined) await this.#allow(dead.url, { queueArn: dead.arn, topicArn }, signal)
    const policy = filterPolicy(settings.filter)
    const command = new SubscribeCommand({
      TopicArn: topicArn,
      Protocol: 'sqs',
      Endpoint: queueArn,
      ReturnSubscriptionArn: true,
      Attributes: {
        RawMessageDelivery: 'true',
        ...(policy === undefined ? {} : { FilterPolicy: policy, FilterPolicyScope: 'MessageAttributes' }),
        ...(dead === undefined ? {} : { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }) }),
      },
    })
    const { SubscriptionArn = '' } = await request(signal, (options) => clients.sns.send(command, options))
    await request(signal, (options) =>
      clients.sqs.send(new TagQueueCommand({ QueueUrl: url, Tags: { [SUBSCRIPTION_TAG]: SubscriptionArn } }), options),
    )
    if (ephemeral) this.#ephemerals.add(name, url)
    if (own.readyMs > 0) await runtime.sleep(own.readyMs, signal)
  }

  async #allow(
    url: string,
    allowed: { readonly queueArn: string; readonly topicArn: string },
    signal: AbortSignal,
  ): Promise<void> {
    const { sqs } = this.#session.clients
    const { Attributes } = await request(signal, (options) =>
      sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['Policy'] }), options),
    )
    const Policy = mergedPolicy(Attributes?.['Policy'], allowed)
    if (Policy === undefined) return
    await request(signal, (options) =>
      sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy } }), options),
    )
  }

  /** The subscription first: one without its queue would stay behind on the topic. */
  async #deleteQueue(ref: QueueRef | SubscriptionRef, signal: AbortSignal): Promise<boolean> {
    const { names } = this.#session
    const name = names.queue(ref)
    const [url, dead] = await Promise.all([
      this.#session.queueUrl(name, signal),
      isEphemeral(ref) ? undefined : this.#session.queueUrl(names.queue({ kind: 'dead-letters', of: ref }), signal),
    ])
    if (url !== undefined && ref.kind === 'subscription') await this.#unsubscribe(url, signal)
    for (const each of [url, dead]) if (each !== undefined) await dropQueue(this.#session, each, signal)
    if (isEphemeral(ref)) this.#ephemerals.delete(name)
    return url !== undefined
  }

  async #unsubscribe(url: string, signal: AbortSignal): Promise<void> {
    const { sqs } = this.#session.clients
    const { Tags } = await request(signal, (options) => sqs.send(new ListQueueTagsCommand({ QueueUrl: url }), options))
    await unsubscribe(this.#session, Tags?.[SUBSCRIPTION_TAG], signal)
  }

  /** With the queues of ours that are subscribed to it; those of others stay, without their subscription. */
  async #deleteTopic(ref: TopicRef, signal: AbortSignal): Promise<boolean> {
    const arn = await this.#session.topicArn(ref, signal)
    if (arn === undefined) return false
    for (const owned of await subscriptionsOf(this.#session, arn, ref, signal)) await this.#deleteQueue(owned, signal)
    await request(signal, (options) =>
      this.#session.clients.sns.send(new DeleteTopicCommand({ TopicArn: arn }), options),
    )
    return true
  }
}

const COMMON: Attributes = {
  VisibilityTimeout: String(VISIBILITY_SECONDS),
  MessageRetentionPeriod: String(RETENTION_SECONDS),
  MaximumMessageSize: String(QUEUE_MESSAGE_BYTES),
}

/** High throughput: each group by itself. Our deduplication ids are never made of the content. */
const FIFO: Attributes = {
  FifoQueue: 'true',
  ContentBasedDeduplication: 'false',
  DeduplicationScope: 'messageGroup',
  FifoThroughputLimit: 'perMessageGroupId',
}

function redrive(deadLetterTargetArn: string, { maxAttempts = ATTEMPTS }: EntitySettings): Attributes {
  const maxReceiveCount = Math.min(MOST_RECEIVES, maxAttempts + BACKSTOP_ABOVE)
  return { RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }) }
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
