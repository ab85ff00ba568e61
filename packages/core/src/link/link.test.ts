import type { Connection, ConnectionState, Driver } from '@anybroker/driver'
import { memory } from '@anybroker/memory'
import { virtualTime } from '@anybroker/testkit'
import { describe, expect, it } from 'vitest'
import { Events } from '../events.ts'
import { Link } from './link.ts'

/** A link over connections that do nothing but die when they are told to. */
async function linked() {
  const time = virtualTime({ seed: 1 })
  const { capabilities, describeError } = memory()
  const listeners: ((state: ConnectionState) => void)[] = []
  const connections: Connection[] = []
  const driver: Driver = {
    spec: 1,
    name: 'mortal',
    capabilities,
    describeError: (error) => describeError(error),
    connect: () => {
      const connection = {
        capabilities,
        onState: (listener: (state: ConnectionState) => void) => listeners.push(listener),
        close: () => Promise.resolve(),
      } as unknown as Connection
      connections.push(connection)
      return Promise.resolve(connection)
    },
  }
  const link = new Link(driver, time.runtime, new Events((...told) => time.runtime.log(...told)), 10_000)
  await time.until(link.open(undefined))
  const die = () => listeners.at(-1)?.({ as: 'disconnected', error: new Error('the network') })
  return { time, link, connections, die }
}

const never = <T>() => new Promise<T>(() => undefined)

describe('an administrative call', () => {
  it('whose connection dies is made again on the next one, though the first never answers', async () => {
    const { time, link, connections, die } = await linked()
    const asked: { readonly connection: Connection; readonly signal: AbortSignal }[] = []
    const began = time.runtime.now()
    const call = link.run('counting', { timeoutMs: 30_000 }, (connection, signal) => {
      asked.push({ connection, signal })
      return asked.length === 1 ? never<number>() : Promise.resolve(7)
    })
    await time.idle()
    die()
    expect(await time.until(call)).toBe(7)
    expect(time.runtime.now() - began).toBeLessThan(10_000)
    expect(asked.map(({ connection }) => connection)).toEqual(connections)
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, false])
    await time.until(link.close(AbortSignal.timeout(1_000)))
  })

  it('fails as closed when the broker object is closed, though the broker never answers', async () => {
    const { time, link } = await linked()
    const call = link.run('counting', { timeoutMs: 30_000 }, () => never())
    await Promise.all([
      expect(time.until(call)).rejects.toMatchObject({ code: 'CLOSED' }),
      link.close(new AbortController().signal),
    ])
  })

  it('keeps what a dead connection says too late to itself', async () => {
    const { time, link, die } = await linked()
    let late: (error: Error) => void = () => undefined
    let calls = 0
    const call = link.run('counting', { timeoutMs: 30_000 }, () => {
      calls += 1
      return calls === 1 ? new Promise<string>((_, reject) => (late = reject)) : Promise.resolve('answered')
    })
    await time.idle()
    die()
    late(new Error('channel closed'))
    expect(await time.until(call)).toBe('answered')
    await time.until(link.close(new AbortController().signal))
  })
})
