import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { connect as connectRaw } from 'amqplib'
import { conformance, spawnConsumer, type Harness } from '@anybroker/conformance'
import { connect } from 'anybroker'
import { describe, test } from 'vitest'
import { cuttable } from './cuttable.ts'

const SECRET = 'CANARY-7f3a91'
const namespace = `t${process.pid}`

for (const line of ['4', '3']) {
  const name = `rabbitmq-${line}`
  const variable = `ANYBROKER_TEST_RABBITMQ_${line}_URL`
  const url = process.env[variable]
  if (url === undefined || url === '') {
    describe.skip(`${name}: ${variable} is not set`, () => {
      test('conformance', () => undefined)
    })
    continue
  }
  conformance(await harness(name, variable, url, process.env[`ANYBROKER_TEST_RABBITMQ_${line}_CTL`]))
}

/** `ctl` is a command that runs rabbitmqctl, for what only an administrator sees. */
async function harness(name: string, variable: string, url: string, ctl: string | undefined): Promise<Harness> {
  const { hostname, port } = new URL(url)
  const way = await cuttable(hostname, Number(port))
  const through = (user?: string): string => {
    const own = new URL(url)
    own.hostname = '127.0.0.1'
    own.port = String(way.port)
    if (user !== undefined) own.password = user
    own.searchParams.set('namespace', namespace)
    return own.href
  }
  const silent = createServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  const silentPort = typeof address === 'object' && address !== null ? address.port : 0
  const spawned = new URL(`rabbitmq.connect.ts?variable=${variable}&namespace=${namespace}`, import.meta.url)
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
    ...(ctl === undefined ? {} : administered(ctl)),
    absent: { restart: 'a broker that is restarted is for the chaos runs' },
    slowness: 2,
    close: async () => {
      await way.close()
      silent.close()
    },
  }
}

function administered(ctl: string): Pick<Harness, 'entities' | 'fill'> {
  const run = promisify(execFile)
  const ask = async (...asked: readonly string[]): Promise<readonly string[]> => {
    const { stdout } = await run('sh', ['-c', `${ctl} "$@"`, 'ctl', '-q', ...asked])
    return stdout.split('\n').filter((line) => line !== '')
  }
  const watermark = async (bytes: string): Promise<void> => {
    await ask('set_vm_memory_high_watermark', 'absolute', bytes)
  }
  return {
    // Inboxes of connections that were cut in other cases expire at any time.
    entities: async () =>
      [
        ...(await ask('list_queues', 'name', '--no-table-headers')),
        ...(await ask('list_exchanges', 'name', '--no-table-headers')),
      ].filter((name) => name.startsWith(`${namespace}.`) && !name.startsWith(`${namespace}.r.`)),
    fill: async () => {
      await watermark('1MB')
      return () => watermark('768MB')
    },
  }
}
