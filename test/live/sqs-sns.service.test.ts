import {
  ListSubscriptionsCommand,
  PublishCommand,
  SNSClient,
  SetSubscriptionAttributesCommand,
} from '@aws-sdk/client-sns'
import {
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  ReceiveMessageCommand,
  SQSClient,
  UntagQueueCommand,
} from '@aws-sdk/client-sqs'
import { sqsSns } from '@anybroker/sqs-sns'
import { connect, type Broker } from 'anybroker'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { urlVariable } from '../brokers/brokers.ts'
import { asAws } from './sqs-sns.environment.ts'

for (const engine of ['fauxqs', 'localstack'] as const) {
  const url = process.env[urlVariable(engine)] ?? ''
  describe.skipIf(url === '')(`what the driver leaves on the service, seen by others, on ${engine}`, () => {
    const namespace = `w${process.pid}`
    const sqs = new SQSClient({ endpoint: url })
    const sns = new SNSClient({ endpoint: url })
    let broker: Broker
    const open = () => asAws(url, () => connect(sqsSns({ namespace, readyMs: 0 })))
    beforeAll(async () => {
      broker = await open()
    })
    afterAll(async () => {
      await broker.close()
      sqs.destroy()
      sns.destroy()
    })

    const queueUrl = async (name: string) => {
      const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: `${namespace}_-${name}` }))
      return QueueUrls[0] ?? ''
    }
    const subscriptionArn = async (topic: string) => {
      const { Subscriptions = [] } = await sns.send(new ListSubscriptionsCommand({}))
      const found = Subscriptions.find(({ TopicArn = '' }) => TopicArn.endsWith(`${namespace}_-t_-${topic}`))
      return { topic: found?.TopicArn ?? '', subscription: found?.SubscriptionArn ?? '' }
    }
    const look = async (QueueUrl: string) => {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: 1,
          VisibilityTimeout: 0,
          MessageAttributeNames: ['All'],
        }),
      )
      return Messages
    }

    test('SNS applies the filter itself; what it can not see comes, and core looks', async () => {
      const topic = broker.topic<string>('filtered')
      const subscription = await topic.durableSubscription('eu', { filter: { region: 'eu' } })
      const many = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`h${index}`, 'x']))
      await topic.publish('refused', { headers: { region: 'us' } })
      await topic.publish('wanted', { headers: { region: 'eu' } })
      await topic.publish('packed, unwanted', { headers: { ...many, region: 'us' } })
      await topic.publish('packed, wanted', { headers: { ...many, region: 'eu' } })
      const bodies = new Set<string>()
      const there = await queueUrl('s_-filtered')
      await expect
        .poll(
          async () => {
            for (const { Body = '' } of await look(there)) bodies.add(Body)
            return bodies.size
          },
          { timeout: 10_000 },
        )
        .toBe(3)
      expect([...bodies].toSorted()).toEqual(['"packed, unwanted"', '"packed, wanted"', '"wanted"'])
      const seen: string[] = []
      await using _worker = await subscription.consume(({ body }) => void seen.push(body))
      await expect.poll(() => seen.toSorted(), { timeout: 10_000 }).toEqual(['packed, wanted', 'wanted'])
    })

    test('a queue lets its own topic send, and says what it is', async () => {
      await broker.topic('policies').durableSubscription('billing')
      const there = await queueUrl('s_-policies')
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: there, AttributeNames: ['Policy', 'RedrivePolicy'] }),
      )
      const { topic } = await subscriptionArn('policies')
      expect(JSON.parse(Attributes?.['Policy'] ?? '')).toMatchObject({
        Statement: [
          { Effect: 'Allow', Action: 'sqs:SendMessage', Condition: { ArnEquals: { 'aws:SourceArn': topic } } },
        ],
      })
      expect(JSON.parse(Attributes?.['RedrivePolicy'] ?? '')).toMatchObject({ maxReceiveCount: 110 })
      const { Tags } = await sqs.send(new ListQueueTagsCommand({ QueueUrl: there }))
      expect(Tags).toMatchObject({ 'ab:kind': 'subscription', 'ab:name': 'policies/billing', 'ab:filter': 'none' })
    })

    test('unsubscribe removes the queue, its dead letters, and the subscription of SNS', async () => {
      const topic = broker.topic<string>('leaves')
      const subscription = await topic.durableSubscription('billing')
      const left = async () => {
        const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: `${namespace}_-` }))
        const { Subscriptions = [] } = await sns.send(new ListSubscriptionsCommand({}))
        const all = [...QueueUrls, ...Subscriptions.map(({ Endpoint = '' }) => Endpoint)]
        return all.filter((each) => each.includes('_-leaves')).length
      }
      expect(await left()).toBe(3)
      await subscription.unsubscribe()
      expect(await left()).toBe(0)
      expect(await topic.delete()).toBe(true)
    })

    test('a subscription whose making died half way is finished by the next who opens it', async () => {
      const topic = broker.topic<string>('half')
      await topic.durableSubscription('billing')
      await sqs.send(new UntagQueueCommand({ QueueUrl: await queueUrl('s_-half'), TagKeys: ['ab:subscription'] }))
      await using other = await open()
      const subscription = await other.topic<string>('half').durableSubscription('billing')
      await topic.publish('once')
      const seen: string[] = []
      await using _worker = await subscription.consume(({ body }) => void seen.push(body))
      await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['once'])
    })

    test('a queue whose dead letters are gone gets them again', async () => {
      const queue = broker.queue<string>('lacking')
      await queue.open()
      await sqs.send(new DeleteQueueCommand({ QueueUrl: await queueUrl('dq_-lacking') }))
      await using other = await open()
      const again = other.queue<string>('lacking')
      await again.send('dies')
      await using worker = await again.consume((delivery) => delivery.reject())
      await expect.poll(() => worker.stats.deadLettered, { timeout: 10_000 }).toBe(1)
    })

    test('what others publish, raw or in an envelope, arrives', async () => {
      const topic = broker.topic<string>('foreign')
      const subscription = await topic.durableSubscription('all')
      const { topic: TopicArn, subscription: SubscriptionArn } = await subscriptionArn('foreign')
      const seen: (readonly [string, string | undefined])[] = []
      await using _worker = await subscription.consume(({ body, headers }) => void seen.push([body, headers['kind']]))
      const MessageAttributes = { kind: { DataType: 'String', StringValue: 'foreign' } }
      await sns.send(new PublishCommand({ TopicArn, Message: '"raw"', MessageAttributes }))
      await expect.poll(() => seen, { timeout: 10_000 }).toEqual([['raw', 'foreign']])
      await sns.send(
        new SetSubscriptionAttributesCommand({
          SubscriptionArn,
          AttributeName: 'RawMessageDelivery',
          AttributeValue: 'false',
        }),
      )
      await sns.send(new PublishCommand({ TopicArn, Message: '"enveloped"', MessageAttributes }))
      await topic.publish('ours', { headers: { kind: 'own' } })
      await expect
        .poll(() => seen.slice(1).toSorted(([one], [other]) => (one < other ? -1 : 1)), { timeout: 10_000 })
        .toEqual([
          ['enveloped', 'foreign'],
          ['ours', 'own'],
        ])
    })

    test('what is received again and again and never settled is moved by SQS itself', { timeout: 60_000 }, async () => {
      const queue = broker.queue<string>('loop', { retry: { maxAttempts: 1 } })
      await queue.send('crashes', { headers: { of: 'it' } })
      const there = await queueUrl('q_-loop')
      await expect
        .poll(
          async () => {
            for (let times = 0; times < 20; times++) {
              await sqs.send(new ReceiveMessageCommand({ QueueUrl: there, VisibilityTimeout: 0 }))
            }
            return queue.deadLetters.count()
          },
          { timeout: 45_000, interval: 10 },
        )
        .toBe(1)
      for await (const letter of queue.deadLetters.receive({ untilEmpty: true })) {
        expect(letter.dead).toMatchObject({ origin: 'loop', reason: 'broker' })
        expect(letter.body).toBe('crashes')
        expect({ ...letter.headers }).toEqual({ of: 'it' })
        await letter.ack()
      }
    })
  })
}
