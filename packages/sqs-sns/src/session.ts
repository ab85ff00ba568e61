import { GetTopicAttributesCommand, ListTopicsCommand } from '@aws-sdk/client-sns'
import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs'
import { BrokerError, type EntityRef, type Runtime } from '@anybroker/driver'
import type { Clients } from './clients.ts'
import { isMissing } from './errors.ts'
import { Names } from './names.ts'
import type { Settings } from './options.ts'

/** Sends one request; an abort rejects with the signal's reason, whatever the SDK makes of it. */
export async function request<T>(
  signal: AbortSignal | undefined,
  send: (options: { abortSignal?: AbortSignal }) => Promise<T>,
): Promise<T> {
  if (signal === undefined) return send({})
  signal.throwIfAborted()
  try {
    return await send({ abortSignal: signal })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}

/** What all of one connection share: clients, names, and what was learned of URLs and ARNs. */
export class Session {
  readonly clients: Clients
  readonly names: Names
  readonly settings: Settings
  readonly runtime: Runtime
  readonly region: string
  /** `arn:aws:…:<region>:<account>:`, with `%` for the service. */
  #arns: string | undefined

  constructor(clients: Clients, settings: Settings, runtime: Runtime, region: string, account: string | undefined) {
    this.clients = clients
    this.settings = settings
    this.names = new Names(settings.namespace)
    this.runtime = runtime
    this.region = region
    if (account !== undefined) this.#arns = `arn:${partitionOf(region)}:%:${region}:${account}:`
  }

  /** The URL of a queue; undefined where there is none. */
  async queueUrl(name: string, signal: AbortSignal | undefined): Promise<string | undefined> {
    try {
      const command = new GetQueueUrlCommand({ QueueName: name })
      const { QueueUrl } = await request(signal, (options) => this.clients.sqs.send(command, options))
      return QueueUrl
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** Of a queue that exists. All queues of an account begin alike: asked once. */
  async queueArn(name: string, url: string, signal: AbortSignal | undefined): Promise<string> {
    if (this.#arns === undefined) {
      const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] })
      const { Attributes } = await request(signal, (options) => this.clients.sqs.send(command, options))
      this.#learn(Attributes?.['QueueArn'])
    }
    return this.arnOf('sqs', name)
  }

  /** The ARN of a topic; undefined where there is none. */
  async topicArn(ref: EntityRef, signal: AbortSignal | undefined): Promise<string | undefined> {
    const name = this.names.topic(ref, ref.ordering)
    if (this.#arns === undefined) {
      // Any topic tells the account; where there is none at all, this one is missing too.
      const { Topics } = await request(signal, (options) => this.clients.sns.send(new ListTopicsCommand({}), options))
      const [any] = Topics ?? []
      if (any?.TopicArn === undefined) return undefined
      this.#learn(any.TopicArn)
    }
    const TopicArn = this.arnOf('sns', name)
    try {
      await request(signal, (options) => this.clients.sns.send(new GetTopicAttributesCommand({ TopicArn }), options))
      return TopicArn
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** The name at the end of an ARN. */
  static nameOf(arn: string | undefined): string {
    return arn?.slice(arn.lastIndexOf(':') + 1) ?? ''
  }

  #learn(arn: string | undefined): void {
    const parts = /^(arn:[^:]+:)(?:sqs|sns)(:[^:]*:[^:]*:)/.exec(arn ?? '')
    if (parts === null) throw new BrokerError('UNAVAILABLE', 'the service answered with an ARN that is none')
    this.#arns = `${parts[1]}%${parts[2]}`
  }

  /** Once a queue or a topic is known: all of an account begin alike. */
  arnOf(service: 'sqs' | 'sns', name: string): string {
    if (this.#arns === undefined) throw new Error('no ARN is known yet')
    return `${this.#arns.replace('%', service)}${name}`
  }
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}
