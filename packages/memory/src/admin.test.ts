import { describe, expect, it } from 'vitest'
import { keyed, keyedMessages, message, NEVER, orders, Rig } from '../test/rig.ts'

describe('admin', () => {
  it('peeks without taking, and counts nothing by it', async () => {
    const desk = await new Rig().with(orders, keyed)
    await desk.send(orders, 'a', 'b', 'c')
    const peeked = await desk.connection.admin.peek?.(orders, 2, NEVER)
    expect(peeked?.map(({ id }) => id)).toEqual(['a', 'b'])
    expect((await (await desk.receiver(orders)).take())[0]?.attempt).toBe(1)
    await desk.send(
      keyed,
      ...keyedMessages('k', 'k1'),
      message('free'),
      ...keyedMessages('l', 'l1'),
      ...keyedMessages('k', 'k2'),
    )
    const ordered = await desk.connection.admin.peek?.(keyed, 3, NEVER)
    expect(ordered?.map(({ id }) => id)).toEqual(['k1', 'free', 'l1'])
  })

  it('purges what waits, delayed or blocked, and leaves what is in hand', async () => {
    const rig = new Rig()
    const desk = await rig.with(keyed)
    const deliverAt = rig.time.runtime.wallNow() + 1000
    await desk.send(
      keyed,
      ...keyedMessages('k', 'k1', 'k2'),
      message('late', { deliverAt }),
      message('a'),
      message('b'),
    )
    const hand = await desk.receiver(keyed)
    const [k1, a] = await hand.take(2)
    if (!k1 || !a) throw new Error('too few')
    await hand.retry(k1, 1000, 'block')
    expect(await desk.depth(keyed)).toEqual({ ready: 2, inHand: 1, delayed: 2 })
    expect(await desk.connection.admin.purge?.(keyed, NEVER)).toBe(4)
    expect(await desk.depth(keyed)).toEqual({ ready: 0, inHand: 1, delayed: 0 })
    expect(await hand.ack(a)).toEqual(['ok'])
    await rig.time.advance(2000)
    await desk.send(keyed, ...keyedMessages('k', 'k3'))
    expect(await hand.ids()).toEqual(['k3'])
  })
})
