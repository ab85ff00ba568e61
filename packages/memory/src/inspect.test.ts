import { describe, expect, it } from 'vitest'
import { message, NEVER, orders, placed, Rig, subscription } from '../test/rig.ts'
import { inspect } from './index.ts'

const billing = subscription('billing')

describe('inspect', () => {
  it('is idle when nothing is ready or in hand, whatever is delayed or dead', async () => {
    const rig = new Rig()
    const desk = await rig.with(orders)
    const { idle } = inspect(desk.connection.native)
    await idle()
    await desk.send(orders, 'a', 'b', message('late', { deliverAt: rig.time.runtime.wallNow() + 1000 }))
    await desk.send({ kind: 'dead-letters', of: orders }, 'dead')
    let isIdle = false
    const idling = idle().then(() => (isIdle = true))
    const hand = await desk.receiver(orders)
    const [a, b] = await hand.take()
    if (!a || !b) throw new Error('too few')
    await hand.ack(a)
    expect(isIdle).toBe(false)
    await hand.retry(b, 1000)
    await idling
    await rig.time.advance(1000)
    const again = idle()
    await desk.delete(orders)
    await again
  })

  it('tells what was published and how it ended', async () => {
    const rig = new Rig({ record: true })
    const desk = await rig.with(orders, placed, billing)
    const expired = message('c', { expiresAt: rig.time.runtime.wallNow() })
    await desk.send(orders, 'a', 'b', expired, message('d', { dedupId: 'x' }), message('e', { dedupId: 'x' }))
    await desk.send(placed, 'p')
    const hand = await desk.receiver(orders)
    const [a, b, d] = await hand.take()
    if (!a || !b || !d) throw new Error('too few')
    await hand.ack(a)
    await hand.retry(b, 1000)
    await desk.send({ kind: 'dead-letters', of: orders }, d.message)
    await hand.ack(d)
    const { published, settled } = inspect(desk.connection.native)
    expect(published('orders').map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd'])
    expect(published('placed').map(({ id }) => id)).toEqual(['p'])
    expect(published('placed/billing')).toEqual([])
    expect(settled('orders').map(({ as, message: { id }, attempt }) => [as, id, attempt])).toEqual([
      ['expired', 'c', 0],
      ['ack', 'a', 1],
      ['retry', 'b', 1],
      ['dead-letter', 'd', 1],
    ])
  })

  it('keeps the last 10,000', async () => {
    const desk = await new Rig({ record: true }).with(orders)
    for (let batch = 0; batch < 11; batch += 1) {
      await desk.send(orders, ...Array.from({ length: 1000 }, (_, index) => `${batch}-${index}`))
    }
    const published = inspect(desk.connection.native).published('orders')
    expect(published.length).toBe(10_000)
    expect(published[0]?.id).toBe('1-0')
  })

  it('names the option without which nothing is recorded, and refuses what is no memory broker', async () => {
    const { connection } = await new Rig().with(orders)
    expect(() => inspect(connection.native).published('orders')).toThrow('record: true')
    expect(() => inspect(connection.native).settled('orders')).toThrow(TypeError)
    for (const nonsense of [undefined, null, {}, 'x', connection]) expect(() => inspect(nonsense)).toThrow(TypeError)
    await connection.close(NEVER)
  })
})
