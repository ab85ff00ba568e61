import { ListSubscriptionsByTopicCommand, ListTopicsCommand } from '@aws-sdk/client-sns'
import { ListQueuesCommand, ListQueueTagsCommand } from '@aws-sdk/client-sqs'
import type { EntityRef, SubscriptionRef, TopicRef } from '@anybroker/driver'
import type { Found } from './names.ts'
import { request, Session } from './session.ts'
import { NAME_TAG } from './tags.ts'

const MOST_OF_A_PAGE = 1_000

/** Whatever this namespace has, but for what is ephemeral and the dead letters. */
export async function listed(session: Session, signal: AbortSignal): Promise<readonly EntityRef[]> {
  const [queues, topics] = await Promise.all([
    Promise.all((['q', 's'] as const).map((kind) => queueUrls(session, session.names.prefix(kind), signal))),
    topicArns(session, signal),
  ])
  const refs: EntityRef[] = []
  for (const arn of topics) {
    const ref = session.names.foundTopic(Session.nameOf(arn))
    if (ref !== undefined) refs.push(ref)
  }
  for (const url of queues.flat()) {
    const found = session.names.found(queueName(url))
    if (found !== undefined) refs.push(found.hashed ? await named(session, found, url, signal) : found.ref)
  }
  return refs
}

/** The URLs of all queues whose name begins so. */
export async function queueUrls(session: Session, prefix: string, signal: AbortSignal): Promise<readonly string[]> {
  const urls: string[] = []
  for (let next: string | undefined, first = true; first || next !== undefined; first = false) {
    const page: string | undefined = next
    const command = new ListQueuesCommand({
      QueueNamePrefix: prefix,
      MaxResults: MOST_OF_A_PAGE,
      ...(page === undefined ? {} : { NextToken: page }),
    })
    const { QueueUrls = [], NextToken } = await request(signal, (options) => session.clients.sqs.send(command, options))
    urls.push(...QueueUrls)
    next = NextToken
  }
  return urls
}

export function queueName(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1)
}

/** Those subscriptions of a topic that are queues of this namespace. */
export async function subscriptionsOf(
  session: Session,
  topicArn: string,
  topic: TopicRef,
  signal: AbortSignal,
): Promise<readonly SubscriptionRef[]> {
  const refs: SubscriptionRef[] = []
  for (let next: string | undefined, first = true; first || next !== undefined; first = false) {
    const page: string | undefined = next
    const command = new ListSubscriptionsByTopicCommand({
      TopicArn: topicArn,
      ...(page === undefined ? {} : { NextToken: page }),
    })
    const { Subscriptions = [], NextToken } = await request(signal, (options) =>
      session.clients.sns.send(command, options),
    )
    for (const { Endpoint, Protocol } of Subscriptions) {
      const found = Protocol === 'sqs' ? session.names.found(Session.nameOf(Endpoint)) : undefined
      if (found?.ref.kind !== 'subscription') continue
      const ref = found.hashed ? await ofHashed(session, found, signal) : found.ref
      if (ref?.kind === 'subscription' && ref.topic === topic.name) refs.push(ref)
    }
    next = NextToken
  }
  return refs
}

async function ofHashed(session: Session, found: Found, signal: AbortSignal): Promise<EntityRef | undefined> {
  const { ref } = found
  if (ref.kind === 'topic') return undefined
  const url = await session.queueUrl(found.physical, signal)
  return url === undefined ? undefined : named(session, found, url, signal)
}

/** With the names that its tag keeps. */
async function named(session: Session, { ref }: Found, url: string, signal: AbortSignal): Promise<EntityRef> {
  const { Tags } = await request(signal, (options) =>
    session.clients.sqs.send(new ListQueueTagsCommand({ QueueUrl: url }), options),
  )
  const name = Tags?.[NAME_TAG]
  if (name === undefined) return ref
  if (ref.kind !== 'subscription') return { ...ref, name }
  const [topic = ref.topic, own = ref.name] = name.split('/')
  return { ...ref, topic, name: own }
}

async function topicArns(session: Session, signal: AbortSignal): Promise<readonly string[]> {
  const arns: string[] = []
  for (let next: string | undefined, first = true; first || next !== undefined; first = false) {
    const page: string | undefined = next
    const command = new ListTopicsCommand(page === undefined ? {} : { NextToken: page })
    const { Topics = [], NextToken } = await request(signal, (options) => session.clients.sns.send(command, options))
    for (const { TopicArn } of Topics) if (TopicArn !== undefined) arns.push(TopicArn)
    next = NextToken
  }
  return arns
}
