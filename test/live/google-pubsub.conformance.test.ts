import { createServer } from 'node:net'
import { conformance, spawnConsumer, type Harness } from '@anybroker/conformance'
import { googlePubsub } from '@anybroker/google-pubsub'
import { PubSub } from '@google-cloud/pubsub'
import { connect, type ConnectOptions } from 'anybroker'
import { describe, test } from 'vitest'
import { up, urlVariable, type Broker as Process } from '../brokers/brokers.ts'
import { cuttable } from './cuttable.ts'

const projectId = 'anybroker'
/** Measured on emulator 0.8.20: half of what is published after a cut is sent there, and comes back after 10 s, again and again. */
const DEAD_STREAMS =
  'for ever, the emulator goes on sending to streams whose connections broke, and each case leaves three of them'
const namespace = `t${process.pid}`
const variable = urlVariable('google-pubsub')
const url = process.env[variable]

if (url === undefined || url === '') {
  describe.skip(`google-pubsub: ${variable} is not set`, () => {
    test('conformance', () => undefined)
  })
} else {
  const shared = await up('google-pubsub')
  conformance(await harness(shared.origin === 'url' ? shared : await up('google-pubsub', { for: 'own' })))
}

async function harness(broker: Process): Promise<Harness> {
  const { host, hostname, port } = new URL(broker.url)
  const way = await cuttable(hostname, Number(port))
  const at = (emulatorHost: string, options?: ConnectOptions) =>
    connect(googlePubsub({ projectId, namespace, emulatorHost }), options)
  const silent = createServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  const silentPort = typeof address === 'object' && address !== null ? address.port : 0
  process.env[variable] = broker.url
  const spawned = new URL(`google-pubsub.connect.ts?variable=${variable}&namespace=${namespace}`, import.meta.url)
  const raw = new PubSub({ projectId, apiEndpoint: `http://${host}` })
  return {
    name: 'google-pubsub',
    connect: (options) => at(`127.0.0.1:${way.port}`, options),
    // The emulator looks at no credentials: what is wrong is the address. See errors.test.ts for what the service says.
    connectWrong: (options) => at('127.0.0.1:1', options),
    connectSilent: (options) => at(`127.0.0.1:${silentPort}`, options),
    breakConnection: () => way.cut(),
    foreignSend: async (queue, { body, headers }) => {
      await raw.topic(`${namespace}.q.${queue}`).publishMessage({ data: Buffer.from(body), attributes: { ...headers } })
    },
    spawn: spawnConsumer(spawned),
    entities: async () => {
      const [[topics], [subscriptions]] = await Promise.all([raw.getTopics(), raw.getSubscriptions()])
      const names = [...topics, ...subscriptions].map(({ name }) => name)
      // Inboxes of connections that were cut in other cases are reaped some time.
      return names.filter((one) => one.includes(`/${namespace}.`) && !one.includes(`/${namespace}.r`))
    },
    absent: {
      fill: 'Pub/Sub is never full',
      restart: 'a service that never restarts; its emulator keeps everything in memory',
      virtualTime: 'time passes at the service',
    },
    skip: {
      'E1: an outage is bridged, or an event says that there may be a gap': DEAD_STREAMS,
      'default: retention: what is stated is 14 days or more for queues, 7 for topics':
        'the emulator takes 7 days at most; capabilities.test.ts has what is stated of the service',
      'O3: the copy is there before the ack: a cut in the middle loses nothing': DEAD_STREAMS,
    },
    slowness: 2,
    close: async () => {
      await raw.close()
      await way.close()
      silent.close()
      await broker.down()
    },
  }
}
