import { CreateTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns'
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type QueueAttributeName,
  SetQueueAttributesCommand,
  TagQueueCommand,
} from '@aws-sdk/client-sqs'
import type {
  EntityRef,
  EntitySettings,
  InboxRef,
  QueueRef,
  SourceRef,
  SubscriptionRef,
  TopicRef,
} from '@anybroker/driver'
import type { Ephemerals } from './ephemerals.ts'
import { describeError, notFound } from './errors.ts'
import { filterPolicy } from './filter-policy.ts'
import { identityOf, identityTags } from './identity.ts'
import { QUEUE_MESSAGE_BYTES, RETENTION_SECONDS } from './limits.ts'
import { isFifo, logicalName } from './names.ts'
import { type Allowed, mergedPolicy } from './queue-policy.ts'
import { request, type Session } from './session.ts'
import { KIND_TAG, NAME_TAG, SUBSCRIPTION_TAG } from './tags.ts'

/** The lease of a receiver that asks for none: ours always do. */
const VISIBILITY_SECONDS = 30

/** The backstop stands that far above `maxAttempts`; SQS takes 1,000 at most. */
const BACKSTOP_ABOVE = 100
const MOST_RECEIVES = 1_000
const ATTEMPTS = 10

type Attributes = Partial<Record<QueueAttributeName, string>>
type Tags = Readonly<Record<string, string>>
type Made = Exclude<SourceRef, InboxRef>

/** Makes queues, topics and subscriptions; what is there already stays as it is, and what is half made is finished. */
export class Creation {
  readonly #session: Session
  readonly #ephemerals: Ephemerals

  constructor(session: Session, ephemerals: Ephemerals) {
    this.#session = session
    this.#ephemerals = ephemerals
  }

  async topic(ref: TopicRef, signal: AbortSignal): Promise<void> {
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

  /** Its dead-letter queue first: a redrive policy names one that is there. */
  async queue(ref: QueueRef, settings: EntitySettings, signal: AbortSignal): Promise<void> {
    const dead = { kind: 'dead-letters', of: ref } as const
    const { url } = await this.#create(dead, {}, {}, signal)
    const arn = await this.#session.queueArn(this.#session.names.queue(dead), url, signal)
    await this.#create(ref, redrive(arn, settings), {}, signal)
    await this.#untilReady(signal)
  }

  /** Dead letters, queue, subscription, and then the tag that says that all of it is there. */
  async subscription(
    ref: SubscriptionRef,
    topicArn: string,
    settings: EntitySettings,
    signal: AbortSignal,
  ): Promise<void> {
    const { names, clients } = this.#session
    const name = names.queue(ref)
    const queueArn = this.#session.arnOf('sqs', name)
    const ephemeral = ref.durability === 'ephemeral'
    const deadArn = ephemeral ? undefined : await this.#deadLetters(ref, topicArn, signal)
    const url = await this.#allowed(
      ref,
      deadArn === undefined ? {} : redrive(deadArn, settings),
      ephemeral ? this.#ephemerals.tag() : identityTags(identityOf(settings)),
      { queueArn, topicArn },
      signal,
    )
    const policy = filterPolicy(settings.filter)
    const command = new SubscribeCommand({
      TopicArn: topicArn,
      Protocol: 'sqs',
      Endpoint: queueArn,
      ReturnSubscriptionArn: true,
      Attributes: {
        RawMessageDelivery: 'true',
        ...(policy === undefined ? {} : { FilterPolicy: policy, FilterPolicyScope: 'MessageAttributes' }),
        ...(deadArn === undefined ? {} : { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadArn }) }),
      },
    })
    const { SubscriptionArn = '' } = await request(signal, (options) => clients.sns.send(command, options))
    const complete = new TagQueueCommand({ QueueUrl: url, Tags: { [SUBSCRIPTION_TAG]: SubscriptionArn } })
    await request(signal, (options) => clients.sqs.send(complete, options))
    if (ephemeral) this.#ephemerals.add(name, url)
    await this.#untilReady(signal)
  }

  /** SNS puts there what it could not deliver, too. */
  async #deadLetters(ref: SubscriptionRef, topicArn: string, signal: AbortSignal): Promise<string> {
    const dead = { kind: 'dead-letters', of: ref } as const
    const queueArn = this.#session.arnOf('sqs', this.#session.names.queue(dead))
    await this.#allowed(dead, {}, {}, { queueArn, topicArn }, signal)
    return queueArn
  }

  /** A queue that a topic may send to: from its creation on, because a policy that comes later takes up to a minute. */
  async #allowed(
    ref: Made,
    attributes: Attributes,
    tags: Tags,
    allowed: Allowed,
    signal: AbortSignal,
  ): Promise<string> {
    const Policy = mergedPolicy(undefined, allowed)
    const own = Policy === undefined ? attributes : { ...attributes, Policy }
    const { url, created } = await this.#create(ref, own, tags, signal)
    if (!created) await this.#allow(url, allowed, signal)
    return url
  }

  async #allow(url: string, allowed: Allowed, signal: AbortSignal): Promise<void> {
    const { sqs } = this.#session.clients
    const look = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['Policy'] })
    const { Attributes } = await request(signal, (options) => sqs.send(look, options))
    const Policy = mergedPolicy(Attributes?.['Policy'], allowed)
    if (Policy === undefined) return
    const write = new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy } })
    await request(signal, (options) => sqs.send(write, options))
  }

  /** Creates it, or finds what is there with other attributes. */
  async #create(
    ref: Made,
    attributes: Attributes,
    tags: Tags,
    signal: AbortSignal,
  ): Promise<{ readonly url: string; readonly created: boolean }> {
    const name = this.#session.names.queue(ref)
    const owner: EntityRef = ref.kind === 'dead-letters' ? ref.of : ref
    const command = new CreateQueueCommand({
      QueueName: name,
      Attributes: { ...COMMON, ...(isFifo(name) ? FIFO : {}), ...attributes },
      tags: { [KIND_TAG]: ref.kind, [NAME_TAG]: logicalName(owner), ...tags },
    })
    try {
      const { QueueUrl } = await request(signal, (options) => this.#session.clients.sqs.send(command, options))
      if (QueueUrl !== undefined) return { url: QueueUrl, created: true }
    } catch (error) {
      // It is there, with other attributes, and stays as it is.
      if (describeError(error).code !== 'CONFLICT') throw error
    }
    const url = await this.#session.queueUrl(name, signal)
    if (url === undefined) throw notFound(`creating ${name}`, ref)
    return { url, created: false }
  }

  /** What is new is not in force everywhere at once. */
  async #untilReady(signal: AbortSignal): Promise<void> {
    const { runtime, settings } = this.#session
    if (settings.readyMs > 0) await runtime.sleep(settings.readyMs, signal)
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
