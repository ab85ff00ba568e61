import { describe, expect, it } from 'vitest'
import { keyed, NEVER, orders, placed, Rig, subscription } from '../test/rig.ts'

const billing = subscription('billing')

describe('topology', () => {
  it('creates, finds again and compares, naming what differs', async () => {
    const desk = await new Rig().with(placed)
    expect(await desk.ensure(orders)).toEqual({ as: 'created' })
    expect(await desk.ensure(orders, { maxAttempts: 3 })).toEqual({ as: 'same' })
    expect(await desk.ensure({ ...orders, ordering: 'key' })).toEqual({
      as: 'differs',
      differences: ['ordering: there none, asked key'],
    })
    const filter = { kind: 'paid', region: ['eu', 'us'] }
    expect(await desk.ensure(billing, { filter })).toEqual({ as: 'created' })
    expect(await desk.ensure(billing, { filter: { region: ['us', 'eu'], kind: 'paid' }, from: 'now' })).toEqual({
      as: 'same',
    })
    expect(await desk.ensure({ ...billing, ordering: 'key', durability: 'ephemeral' }, { from: 'earliest' })).toEqual({
      as: 'differs',
      differences: [
        'ordering: there none, asked key',
        'durability: there durable, asked ephemeral',
        'filter: there [["kind","paid"],["region",["eu","us"]]], asked none',
        'from: there now, asked earliest',
      ],
    })
  })

  it('checks without creating', async () => {
    const desk = await new Rig().with(placed)
    expect(await desk.connection.topology.check(orders, {}, NEVER)).toBeUndefined()
    await expect(desk.connection.openSender(orders, NEVER)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'opening a sender to queue orders: there is no queue orders',
    })
    await expect(desk.receiver(billing)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('wants the topic before the subscription', async () => {
    const desk = await new Rig().with()
    await expect(desk.ensure(billing)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('topic placed') as unknown,
    })
  })

  it('deletes with all that hangs on it', async () => {
    const desk = await new Rig().with(orders, placed, billing)
    await desk.send(orders, 'a')
    await desk.send({ kind: 'dead-letters', of: orders }, 'b')
    expect(await desk.delete(orders)).toBe(true)
    await desk.ensure(orders)
    expect(await desk.depth(orders)).toMatchObject({ ready: 0 })
    expect(await desk.depth({ kind: 'dead-letters', of: orders })).toMatchObject({ ready: 0 })
    expect(await desk.delete(placed)).toBe(true)
    expect(await desk.delete(billing)).toBe(false)
    await expect(desk.depth(billing)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('lists what this namespace has, ephemerals left out', async () => {
    const desk = await new Rig().with(orders, keyed, placed, billing, subscription('live', { durability: 'ephemeral' }))
    expect(await desk.connection.topology.list?.(NEVER)).toEqual([orders, keyed, placed, billing])
  })

  it('refuses options of its own, for it has none', async () => {
    const desk = await new Rig().with()
    await expect(desk.ensure(orders, { native: { quorum: true } })).rejects.toThrow('native.memory.quorum')
  })

  it('takes any name for what it is', async () => {
    const desk = await new Rig().with()
    for (const name of ['constructor', '__proto__', 'toString']) {
      const ref = { kind: 'queue', name, ordering: 'none' } as const
      expect(await desk.connection.topology.check(ref, {}, NEVER)).toBeUndefined()
      expect(await desk.ensure(ref)).toEqual({ as: 'created' })
    }
  })
})

describe('ephemeral subscriptions', () => {
  const live = subscription('live', { durability: 'ephemeral' })

  it('are reaped 30 s after their connection went', async () => {
    const rig = new Rig()
    const other = await rig.with()
    const desk = await rig.with(placed, live)
    await desk.connection.close(NEVER)
    await rig.time.advance(29_999)
    expect(await other.connection.topology.check(placed, {}, NEVER)).toEqual({ as: 'same' })
    await expect(other.depth(live)).resolves.toBeDefined()
    await rig.time.advance(1)
    await expect(other.depth(live)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('bridge an outage: the next connection takes them over', async () => {
    const rig = new Rig()
    const desk = await rig.with(placed, live)
    const watcher = await rig.with()
    await desk.connection.close(NEVER)
    await watcher.send(placed, 'a')
    await rig.time.advance(20_000)
    const next = await rig.with()
    const hand = await next.receiver(live)
    await rig.time.advance(20_000)
    expect(await hand.ids()).toEqual(['a'])
  })

  it('are reaped when nobody was there to see the time pass', async () => {
    const rig = new Rig()
    const desk = await rig.with(placed, live)
    await desk.connection.close(NEVER)
    expect(rig.time.pending()).toBe(0)
    await rig.time.advance(30_000)
    await expect((await rig.with()).depth(live)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
