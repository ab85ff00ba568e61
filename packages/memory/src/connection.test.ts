import { BrokerError } from '@anybroker/driver'
import { virtualTime } from '@anybroker/testkit'
import { describe, expect, it } from 'vitest'
import { Desk, message, NEVER, orders, Rig } from '../test/rig.ts'
import { describeError } from './errors.ts'
import { fromUrl, inspect, memory } from './index.ts'

describe('stores', () => {
  const time = virtualTime()
  const desk = async (driver: ReturnType<typeof memory>) => new Desk(await driver.connect(time.runtime, NEVER))

  it('belong to their driver, and a second connection finds them again', async () => {
    const driver = memory()
    const one = await desk(driver)
    await one.ensure(orders)
    await one.send(orders, 'a')
    await one.connection.close(NEVER)
    expect(await (await (await desk(driver)).receiver(orders)).ids()).toEqual(['a'])
    await expect((await desk(memory())).depth(orders)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('are shared by name, and apart by namespace', async () => {
    const one = await desk(fromUrl('memory:shared'))
    await one.ensure(orders)
    await one.send(orders, 'a')
    await expect((await desk(fromUrl('memory:shared?namespace=test'))).depth(orders)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    expect(await (await (await desk(memory({ name: 'shared' }))).receiver(orders)).ids()).toEqual(['a'])
  })

  it('are what their first connection made them', async () => {
    await desk(fromUrl('memory:harsh-one?profile=harsh'))
    const other = await memory({ name: 'harsh-one' }).connect(time.runtime, NEVER)
    expect(other.capabilities.D3.attempt).toBe('ceiling')
    await expect(
      memory({ name: 'harsh-one', profile: 'reference' }).connect(time.runtime, NEVER),
    ).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'connecting to memory:harsh-one: profile: there harsh, asked reference',
    })
  })

  it('leave no timer when the last connection closed', async () => {
    const rig = new Rig()
    const one = await rig.with(orders)
    await one.send(orders, message('a', { deliverAt: rig.time.runtime.wallNow() + 1000 }), 'b')
    await (await one.receiver(orders)).take()
    expect(rig.time.pending()).toBe(1)
    const states: string[] = []
    one.connection.onState(({ as }) => states.push(as))
    await one.connection.close(NEVER)
    await one.connection.close(NEVER)
    expect(states).toEqual(['disconnected'])
    expect(rig.time.pending()).toBe(0)
    await rig.time.advance(1000)
    expect((await (await (await rig.with()).receiver(orders)).ids()).toSorted()).toEqual(['a', 'b'])
  })

  it('answer nothing after close', async () => {
    const { connection } = await new Rig().with(orders)
    await connection.close(NEVER)
    const closed = { code: 'CLOSED' }
    await expect(connection.openSender(orders, NEVER)).rejects.toMatchObject(closed)
    await expect(connection.openReceiver(orders, { maxUnsettled: 1, leaseMs: 1 }, NEVER)).rejects.toMatchObject(closed)
    await expect(connection.topology.ensure(orders, {}, NEVER)).rejects.toMatchObject(closed)
    await expect(connection.topology.delete(orders, NEVER)).rejects.toMatchObject(closed)
    await expect(connection.admin.depth?.(orders, NEVER)).rejects.toMatchObject(closed)
  })
})

describe('inboxes', () => {
  const inbox = { kind: 'inbox' } as const

  it('take replies at their address until their receiver closes', async () => {
    const rig = new Rig()
    const desk = await rig.with()
    const hand = await desk.receiver(inbox)
    const address = hand.receiver.address ?? ''
    const other = await rig.with()
    expect(await other.send({ kind: 'inbox', address }, 'reply')).toMatchObject([{ as: 'confirmed' }])
    expect(await hand.ids()).toEqual(['reply'])
    await hand.close()
    expect(await other.send({ kind: 'inbox', address }, 'late')).toMatchObject([
      { as: 'refused', error: { code: 'NOT_FOUND' } },
    ])
  })

  it('can be taken over under their address after an outage', async () => {
    const rig = new Rig()
    const desk = await rig.with()
    const watcher = await rig.with()
    const { address = '' } = (await desk.receiver(inbox)).receiver
    inspect(desk.connection.native).disconnect()
    await watcher.send({ kind: 'inbox', address }, 'reply')
    const hand = await (await rig.with()).receiver({ kind: 'inbox', address })
    await rig.time.advance(60_000)
    expect(await hand.ids()).toEqual(['reply'])
    await expect(watcher.receiver({ kind: 'inbox', address: 'nobody' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('errors', () => {
  it('are described whatever they are', () => {
    for (const nonsense of [
      undefined,
      null,
      1,
      'x',
      {},
      new Error('x'),
      new TypeError('x'),
      Object.create(null),
      () => {},
    ]) {
      expect(describeError(nonsense)).toEqual({ code: 'UNAVAILABLE', retryable: false, scope: 'receiver' })
    }
    const lost = new BrokerError('UNAVAILABLE', 'x', { retryable: true })
    expect(describeError(lost)).toEqual({ code: 'UNAVAILABLE', retryable: true, scope: 'connection' })
    expect(describeError(new BrokerError('UNAVAILABLE', 'x', { facts: { scope: 'receiver' } })).scope).toBe('receiver')
    expect(describeError(new BrokerError('REFUSED', 'x')).scope).toBe('message')
    expect(describeError(new BrokerError('NOT_FOUND', 'x')).scope).toBe('receiver')
  })
})
