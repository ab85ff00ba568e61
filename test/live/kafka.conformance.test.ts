import { createServer, connect as connectSocket, type Socket } from 'node:net'
import { conformance, spawnConsumer, type Harness } from '@anybroker/conformance'
import { kafka } from '@anybroker/kafka'
import { connect } from 'anybroker'
import { Kafka, logLevel } from 'kafkajs'
import { describe, test } from 'vitest'
import { up, urlVariable, type Broker as Process } from '../brokers/brokers.ts'

const SECRET = 'CANARY-7f3a91'
const namespace = `t${process.pid}`
/** The shortest that Kafka takes by default: a consumer that was killed holds up its neighbours for that long. */
const sessionTimeoutMs = 6_000
const heartbeatIntervalMs = 250
/** Not the default of twelve: one small node has to lead the partitions of hundreds of queues at a time. */
const partitions = 4

const name = 'kafka'
const variable = urlVariable(name)
const url = process.env[variable]
if (url === undefined || url === '') {
  describe.skip(`${name}: ${variable} is not set`, () => {
    test('conformance', () => undefined)
  })
} else {
  const shared = await up(name)
  // One for us alone, because it is filled and restarted; of one that only its URL is known of, nobody is the administrator.
  conformance(await harness(shared.origin === 'url' ? shared : await up(name, { for: 'own' })))
}

async function harness(broker: Process): Promise<Harness> {
  const { hostname, port } = new URL(broker.url.split(',')[0] ?? '')
  const sockets = new Set<Socket>()
  // The way to a broker that tells its own address can only be cut here.
  const socketFactory = (to: { readonly host: string; readonly port: number }): Socket => {
    const socket = connectSocket(to)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    return socket
  }
  const options = {
    hosts: [{ host: hostname, port: Number(port) }],
    namespace,
    partitions,
    sessionTimeoutMs,
    heartbeatIntervalMs,
  }
  const silent = createServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  const silentPort = typeof address === 'object' && address !== null ? address.port : 0
  process.env[variable] = broker.url
  const query = new URLSearchParams({
    namespace,
    partitions: String(partitions),
    sessionTimeoutMs: String(sessionTimeoutMs),
    heartbeatIntervalMs: String(heartbeatIntervalMs),
  })
  const spawned = new URL('kafka.connect.ts', import.meta.url)
  spawned.searchParams.set('variable', variable)
  spawned.searchParams.set('query', query.toString())
  const raw = new Kafka({
    brokers: [`${hostname}:${port}`],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 10_000,
  })
  return {
    name,
    connect: (connectOptions) => connect(kafka({ ...options, socketFactory }), connectOptions),
    connectWrong: (connectOptions) => connect(`kafka://user:${SECRET}@127.0.0.1:1/`, connectOptions),
    connectSilent: (connectOptions) => connect(`kafka://user:${SECRET}@127.0.0.1:${silentPort}/`, connectOptions),
    secrets: [SECRET],
    breakConnection: () => {
      for (const socket of sockets) socket.resetAndDestroy()
      return Promise.resolve()
    },
    foreignSend: async (queue, { body, headers }) => {
      const producer = raw.producer({ createPartitioner: () => () => 0 })
      await producer.connect()
      await producer.send({
        topic: `${namespace}.q.${queue}`,
        acks: -1,
        messages: [{ value: Buffer.from(body), headers: { ...headers } }],
      })
      await producer.disconnect()
    },
    spawn: spawnConsumer(spawned),
    ...(broker.origin === 'url' ? {} : administered(broker, raw)),
    skip: {
      'default: ordered entities have 12 partitions where the broker has them':
        'this harness asks for 4, for the sake of its small broker; that the driver asks for 12 is in its options.test.ts',
      'E2: after close nothing of it is left on the broker':
        'an ephemeral subscription is nothing on the broker at any time, so that there is nothing to see while it lives',
    },
    slowness: 2,
    close: async () => {
      silent.close()
      await broker.down()
    },
  }
}

function administered(broker: Process, raw: Kafka): Pick<Harness, 'entities' | 'fill' | 'restart'> {
  const asAdmin = async <T>(work: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> => {
    const admin = raw.admin()
    await admin.connect()
    try {
      return await work(admin)
    } finally {
      await admin.disconnect()
    }
  }
  return {
    restart: () => broker.restart(),
    entities: () =>
      asAdmin(async (admin) => {
        const topics = await admin.listTopics()
        const { groups } = await admin.listGroups()
        return [...topics, ...groups.map(({ groupId }) => `group ${groupId}`)].filter((one) =>
          one.includes(`${namespace}.`),
        )
      }),
    // Kafka has no word for full: a disk without room ends it, and a quota still confirms. What producers meet is one that takes
    // nothing and says nothing.
    fill: async () => {
      await broker.freeze()
      return () => broker.thaw()
    },
  }
}
