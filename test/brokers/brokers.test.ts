import { connect } from 'amqplib'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { answers } from './answers.ts'
import { BrokerMissingError, running, up, urlVariable } from './brokers.ts'
import { endOrphans } from './own.ts'
import { isAlive } from './process.ts'
import { readStates, type State } from './state.ts'

test('a RabbitMQ that is killed comes back with its messages, at its URL; frozen it is silent; down it leaves nothing', async (context) => {
  await using broker = await up('rabbitmq-4', { for: 'own' }).catch((error: unknown) => {
    if (error instanceof BrokerMissingError) return context.skip(error.message)
    throw error
  })
  expect(broker.url).not.toBe((await running('rabbitmq-4'))?.url)
  await publish(broker.url, 'kept')

  await broker.kill()
  expect(await answers('rabbitmq-4', broker.url)).toBe(false)
  await broker.restart()
  expect(await broker.rabbitmqctl('list_queues', 'name', 'messages')).toMatch(/^kept\t1$/mu)

  await broker.freeze()
  expect(await answers('rabbitmq-4', broker.url, 500)).toBe(false)
  await broker.thaw()
  expect(await answers('rabbitmq-4', broker.url)).toBe(true)
  expect(await broker.logs()).toContain('Starting broker')

  const state = stateAt(broker.url)
  await broker.down()
  expect(await answers('rabbitmq-4', broker.url)).toBe(false)
  if (state !== undefined) expectNothingLeft(state)
  await broker.down()
}, 120_000)

test('what the environment names is told apart: ours obeys, and nobody but its owner ends it', async () => {
  await using own = await up('fauxqs', { for: 'own' })
  vi.stubEnv(urlVariable('fauxqs'), own.url)
  try {
    const named = await up('fauxqs')
    expect(named.origin).toBe(own.origin)
    await named.restart()
    await named.down()
    expect(await answers('fauxqs', own.url)).toBe(true)
  } finally {
    vi.unstubAllEnvs()
  }
})

test('two that ask for a broker of their own get two, and what belonged to a process that died is ended', async () => {
  await using mine = await up('fauxqs', { for: 'own' })
  const child = fork(join(import.meta.dirname, 'own-and-wait.ts'), ['fauxqs'])
  const [url] = (await once(child, 'message')) as [string]
  expect(url).not.toBe(mine.url)
  expect(await answers('fauxqs', url)).toBe(true)

  child.kill('SIGKILL')
  await once(child, 'exit')
  const state = stateAt(url)
  await endOrphans()
  expect(await answers('fauxqs', url)).toBe(false)
  expect(await answers('fauxqs', mine.url)).toBe(true)
  if (state !== undefined) expectNothingLeft(state)
})

function stateAt(url: string): State | undefined {
  return readStates().find(({ ports }) => ports[0] === Number(new URL(url).port))
}

function expectNothingLeft({ nodes, helpers, folder }: State): void {
  expect([...nodes, ...helpers].filter(isAlive)).toEqual([])
  expect(existsSync(folder)).toBe(false)
}

async function publish(url: string, queue: string): Promise<void> {
  const connection = await connect(url)
  const channel = await connection.createConfirmChannel()
  await channel.assertQueue(queue, { durable: true })
  channel.sendToQueue(queue, Buffer.from('hello'), { persistent: true })
  await channel.waitForConfirms()
  await channel.close()
  await connection.close()
}
