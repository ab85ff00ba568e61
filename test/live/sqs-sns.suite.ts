import { createServer } from 'node:net'
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns'
import { GetQueueUrlCommand, ListQueuesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { conformance, spawnConsumer, type Harness } from '@anybroker/conformance'
import { sqsSns } from '@anybroker/sqs-sns'
import { connect, type ConnectOptions } from 'anybroker'
import { describe, test } from 'vitest'
import { up, urlVariable, type Broker as Process } from '../brokers/brokers.ts'
import { cuttable } from './cuttable.ts'
import { asAws, SECRET } from './sqs-sns.environment.ts'
import { proxyTo } from './sqs-sns.proxy.ts'

const namespace = `t${process.pid}`

const NO_EMOJI = 'fauxqs refuses characters beyond U+FFFF, which SQS takes'
const withEmoji = Object.fromEntries(
  [
    'M5: a foreign message arrives with its text and no headers of ours',
    'M5: a foreign message arrives with headers that our own rule forbids',
    'M5: a foreign header that only looks like one of ours arrives too',
    'M5: a foreign message that the codec does not understand is a dead letter with all its bytes and headers',
    'M7: JSON is the default and brings back what was sent',
    'M7: the codec text takes strings and nothing else',
  ].map((title) => [title, NO_EMOJI]),
)

/** Registers the suite on one engine. */
export async function suite(name: 'fauxqs' | 'localstack'): Promise<void> {
  const variable = urlVariable(name)
  const url = process.env[variable]
  if (url === undefined || url === '') {
    describe.skip(`${name}: ${variable} is not set`, () => {
      test('conformance', () => undefined)
    })
    return
  }
  const shared = await up(name)
  conformance(await harness(shared.origin === 'url' ? shared : await up(name, { for: 'own' }), variable))
}

async function harness(broker: Process, variable: string): Promise<Harness> {
  const { name, url } = broker
  const proxy = await proxyTo(url)
  const { port } = new URL(proxy.url)
  const way = await cuttable('127.0.0.1', Number(port))
  // The engines route at once.
  const at = (endpoint: string, options?: ConnectOptions) =>
    asAws(endpoint, () => connect(sqsSns({ namespace, readyMs: 0 }), options))
  const silent = createServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  const silentPort = typeof address === 'object' && address !== null ? address.port : 0
  process.env[variable] = url
  const spawned = new URL(`sqs-sns.connect.ts?variable=${variable}&namespace=${namespace}`, import.meta.url)
  const sqs = new SQSClient({ endpoint: url })
  const sns = new SNSClient({ endpoint: url })
  return {
    name,
    connect: (options) => at(`http://127.0.0.1:${way.port}`, options),
    // The engines look at no credentials: what is wrong is the address. See errors.test.ts for what the service says.
    connectWrong: (options) => at('http://127.0.0.1:1', options),
    connectSilent: (options) => at(`http://127.0.0.1:${silentPort}`, options),
    secrets: [SECRET],
    breakConnection: () => way.cut(),
    foreignSend: async (queue, { body, headers }) => {
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: `${namespace}_-q_-${spelled(queue)}` }))
      const attributes = Object.create(null) as Record<string, { DataType: string; StringValue: string }>
      for (const [key, StringValue] of Object.entries(headers)) attributes[key] = { DataType: 'String', StringValue }
      const MessageBody = new TextDecoder('utf-8', { fatal: true }).decode(body)
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes: attributes }))
    },
    spawn: spawnConsumer(spawned),
    entities: async () => {
      const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: `${namespace}_-` }))
      const { Topics = [] } = await sns.send(new ListTopicsCommand({}))
      const names = [...QueueUrls, ...Topics.map(({ TopicArn = '' }) => TopicArn)]
      // Inboxes of connections that were cut in other cases are reaped some time.
      return names.filter((one) => one.includes(`${namespace}_-`) && !one.includes('_-r_-'))
    },
    // SQS is never full. When it is asked too often it takes no more: for a sender that is the same.
    fill: () => {
      proxy.throttle(['SendMessageBatch', 'PublishBatch'])
      return Promise.resolve(() => Promise.resolve(proxy.throttle()))
    },
    absent: {
      restart: 'a service that never restarts; its engines keep everything in memory, or differently',
      virtualTime: 'time passes at the service',
    },
    skip: {
      'M5: a foreign body that is no text arrives byte-equal': 'SQS takes text alone, from anybody',
      ...(name === 'fauxqs' ? withEmoji : {}),
    },
    // LocalStack is Python, a third as fast.
    slowness: name === 'localstack' ? 3 : 2,
    close: async () => {
      sqs.destroy()
      sns.destroy()
      await way.close()
      await proxy.close()
      silent.close()
      await broker.down()
    },
  }
}

function spelled(name: string): string {
  return name.replaceAll('_', '__')
}
