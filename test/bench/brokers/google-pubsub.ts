import { googlePubsub } from '@anybroker/google-pubsub'
import { PubSub, v1 } from '@google-cloud/pubsub'
import { connect, type Broker } from 'anybroker'
import { up } from '../../brokers/brokers.ts'
import { BODY_BYTES, Countdown, inWindows, type BenchCase, type BrokerBench, type Started } from '../bench.ts'
import { coreCases } from '../cases/core.ts'

const { url } = await up('google-pubsub')
const projectId = 'bench'
const NAME = `projects/${projectId}/topics/bench-raw`
const SUBSCRIPTION = `projects/${projectId}/subscriptions/bench-raw`
/** What the client library puts into one request, at most. */
const REQUEST = 500

interface Raw {
  readonly publisher: v1.PublisherClient
  readonly subscriber: v1.SubscriberClient
  readonly close: () => Promise<void>
}

async function open(): Promise<Raw> {
  const pubsub = new PubSub({ projectId, apiEndpoint: url })
  const config = { ...(await pubsub.getClientConfig()), 'grpc.keepalive_time_ms': 30_000 }
  const publisher = new v1.PublisherClient(config)
  const subscriber = new v1.SubscriberClient(config)
  await publisher.createTopic({ name: NAME })
  return {
    publisher,
    subscriber,
    close: async () => {
      await publisher.deleteTopic({ topic: NAME })
      await Promise.all([publisher.close(), subscriber.close()])
    },
  }
}

/** In requests of 500, all of a window under way at once. */
async function send({ publisher }: Raw, data: Buffer, count: number): Promise<void> {
  const requests: Promise<unknown>[] = []
  for (let left = count; left > 0; left -= REQUEST) {
    const messages = Array.from({ length: Math.min(REQUEST, left) }, () => ({ data, attributes: { id: 'x' } }))
    requests.push(publisher.publish({ topic: NAME, messages }))
  }
  await Promise.all(requests)
}

/** The v1 clients alone: one stream, acks of what came together in one request. */
const wellUsed: BenchCase = {
  name: 'v1 clients, well used',
  start: async () => {
    const raw = await open()
    const { subscriber } = raw
    await subscriber.createSubscription({ name: SUBSCRIPTION, topic: NAME, ackDeadlineSeconds: 60 })
    const handled = new Countdown()
    const acks = new Set<Promise<unknown>>()
    const stream = subscriber.streamingPull({})
    stream.on('data', ({ receivedMessages }: { readonly receivedMessages: readonly { readonly ackId: string }[] }) => {
      const ackIds = receivedMessages.map(({ ackId }) => ackId)
      const acked = subscriber.acknowledge({ subscription: SUBSCRIPTION, ackIds })
      acks.add(acked)
      void acked.finally(() => acks.delete(acked))
      for (let left = ackIds.length; left > 0; left -= 1) handled.count()
    })
    stream.write({ subscription: SUBSCRIPTION, streamAckDeadlineSeconds: 60 })
    const data = Buffer.alloc(BODY_BYTES)
    return {
      run: async (messages) => {
        handled.expect(messages)
        await inWindows(messages, (count) => send(raw, data, count), handled)
        await handled.reached(0)
      },
      close: async () => {
        const ended = new Promise((resolve) => stream.once('end', resolve))
        stream.end()
        await ended
        await Promise.all(acks)
        await subscriber.deleteSubscription({ subscription: SUBSCRIPTION })
        await raw.close()
      },
    }
  },
}

const here = (): Promise<Broker> =>
  connect(googlePubsub({ projectId, namespace: 'bench', emulatorHost: new URL(url).host }), { log: false })

/** To a topic without subscriptions: what a stream brings bounds all other cases, 2,000 a second at the emulator. */
const publishing: readonly BenchCase[] = [
  {
    name: 'publish: v1 client, well used',
    start: async (): Promise<Started> => {
      const raw = await open()
      const data = Buffer.alloc(BODY_BYTES)
      return { run: (messages) => inWindows(messages, (count) => send(raw, data, count)), close: raw.close }
    },
  },
  {
    name: 'publish: core',
    start: async (): Promise<Started> => {
      const broker = await here()
      const topic = broker.topic('bench-publish', { codec: 'bytes' })
      await topic.open()
      const body = new Uint8Array(BODY_BYTES)
      return {
        run: (messages) =>
          inWindows(messages, (count) => Promise.all(Array.from({ length: count }, () => topic.publish(body)))),
        close: async () => {
          await topic.delete()
          await broker.close()
        },
      }
    },
  },
]

export const googlePubsubBench: BrokerBench = {
  cases: [wellUsed, ...publishing, ...coreCases(here)],
  yardstick: 'v1 clients, well used',
}
