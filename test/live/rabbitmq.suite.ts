import { createServer } from 'node:net'
import { connect as connectRaw } from 'amqplib'
import { conformance, spawnConsumer, type ConformanceOptions, type Harness } from '@anybroker/conformance'
import { connect } from 'anybroker'
import { describe, test } from 'vitest'
import { up, urlVariable, type Broker as Process } from '../brokers/brokers.ts'
import { cuttable } from './cuttable.ts'

const SECRET = 'CANARY-7f3a91'

export interface Run {
  readonly name: 'rabbitmq-4' | 'rabbitmq-3'
  /** With what is opt-in: a stream behind every topic, and the management API. */
  readonly optIn: boolean
  readonly part?: ConformanceOptions
}

/** Registers the suite on one broker. */
export async function suite({ name, optIn, part = {} }: Run): Promise<void> {
  const label = optIn ? `${name}-stream` : name
  const variable = urlVariable(name)
  const url = process.env[variable]
  if (url === undefined || url === '') {
    describe.skip(`${label}: ${variable} is not set`, () => {
      test('conformance', () => undefined)
    })
    return
  }
  const broker = await brokerOf(name)
  const { management } = broker
  const query = { ...(optIn ? { stream: 'all' } : {}), ...(optIn && management !== undefined ? { management } : {}) }
  conformance(await harness(label, broker, `${variable}_${label.toUpperCase()}`, query), part)
}

/** One for us alone, because it is filled and restarted; of one that only its URL is known of, nobody is the administrator. */
async function brokerOf(name: 'rabbitmq-4' | 'rabbitmq-3'): Promise<Process> {
  const shared = await up(name)
  if (shared.origin === 'url') return shared
  // And for each run: what two of them leave behind is more than its memory limit.
  return up(name, { for: 'own' })
}

async function harness(
  name: string,
  broker: Process,
  variable: string,
  query: Readonly<Record<string, string>>,
): Promise<Harness> {
  const { url } = broker
  const namespace = `t${process.pid}${'stream' in query ? 's' : ''}`
  const { hostname, port } = new URL(url)
  const way = await cuttable(hostname, Number(port))
  const through = (user?: string): string => {
    const own = new URL(url)
    own.hostname = '127.0.0.1'
    own.port = String(way.port)
    if (user !== undefined) own.password = user
    own.searchParams.set('namespace', namespace)
    for (const [option, value] of Object.entries(query)) own.searchParams.set(option, value)
    return own.href
  }
  const silent = createServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  const silentPort = typeof address === 'object' && address !== null ? address.port : 0
  process.env[variable] = url
  const passed = new URLSearchParams({ ...query, namespace })
  const spawned = new URL(`rabbitmq.connect.ts?variable=${variable}&${passed.toString()}`, import.meta.url)
  return {
    name,
    connect: (options) => connect(through(), options),
    connectWrong: (options) => connect(through(SECRET), options),
    connectSilent: (options) => connect(`amqp://guest:${SECRET}@127.0.0.1:${silentPort}`, options),
    secrets: [SECRET],
    breakConnection: () => way.cut(),
    foreignSend: async (queue, { body, headers }) => {
      const model = await connectRaw(url)
      const channel = await model.createConfirmChannel()
      channel.sendToQueue(`${namespace}.q.${queue}`, Buffer.from(body), { headers })
      await channel.waitForConfirms()
      await model.close()
    },
    spawn: spawnConsumer(spawned),
    ...(broker.origin === 'url' ? {} : administered(broker, namespace)),
    slowness: 2,
    close: async () => {
      await way.close()
      silent.close()
      await broker.down()
    },
  }
}

function administered(broker: Process, namespace: string): Pick<Harness, 'entities' | 'fill' | 'restart'> {
  const names = async (what: string): Promise<readonly string[]> =>
    (await broker.rabbitmqctl(what, 'name', '--no-table-headers')).split('\n')
  const watermark = async (bytes: string): Promise<void> => {
    await broker.rabbitmqctl('set_vm_memory_high_watermark', 'absolute', bytes)
  }
  return {
    restart: () => broker.restart(),
    // Inboxes of connections that were cut in other cases expire at any time.
    entities: async () =>
      [...(await names('list_queues')), ...(await names('list_exchanges'))].filter(
        (name) => name.startsWith(`${namespace}.`) && !name.startsWith(`${namespace}.r.`),
      ),
    fill: async () => {
      await watermark('1MB')
      return () => watermark('512MB')
    },
  }
}
