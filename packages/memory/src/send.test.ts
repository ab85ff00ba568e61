import { describe, expect, it } from 'vitest'
import { message, NEVER, orders, placed, Rig, subscription } from '../test/rig.ts'

describe('sending', () => {
  it('confirms each message with a number of its own', async () => {
    const desk = await new Rig().with(orders)
    const outcomes = await desk.send(orders, 'a', 'b')
    expect(outcomes.map((one) => one.as === 'confirmed' && one.evidence)).toEqual(['1', '2'])
  })

  it('has stored before it resolves', async () => {
    const desk = await new Rig().with(orders)
    const sender = await desk.connection.openSender(orders, NEVER)
    const sending = sender.send([message('a')], NEVER)
    expect(await desk.depth(orders)).toMatchObject({ ready: 1 })
    await sending
  })

  it('sends nothing for an aborted signal', async () => {
    const desk = await new Rig().with(orders)
    const sender = await desk.connection.openSender(orders, NEVER)
    await expect(sender.send([message('a')], AbortSignal.abort('no'))).rejects.toBe('no')
    expect(await desk.depth(orders)).toMatchObject({ ready: 0 })
  })

  it('delays until the wall clock says so', async () => {
    const rig = new Rig()
    const desk = await rig.with(orders)
    const deliverAt = rig.time.runtime.wallNow() + 1000
    await desk.send(orders, message('a', { deliverAt }), message('b', { deliverAt: deliverAt - 5000 }))
    const hand = await desk.receiver(orders)
    expect(await hand.ids()).toEqual(['b'])
    rig.time.leapWall(-500)
    await rig.time.advance(1499)
    expect(await hand.ids()).toEqual([])
    await rig.time.advance(1)
    expect(await hand.ids()).toEqual(['a'])
  })

  it('waits out delays longer than a timer can be', async () => {
    const rig = new Rig()
    const desk = await rig.with(orders)
    const days = 60 * 86_400_000
    await desk.send(orders, message('a', { deliverAt: rig.time.runtime.wallNow() + days }))
    const hand = await desk.receiver(orders)
    await rig.time.advance(days - 1)
    expect(await hand.ids()).toEqual([])
    await rig.time.advance(1)
    expect(await hand.ids()).toEqual(['a'])
  })

  it('drops what expired, at hand-out or when somebody looks', async () => {
    const rig = new Rig({ record: true })
    const desk = await rig.with(orders)
    const expiresAt = rig.time.runtime.wallNow() + 1000
    await desk.send(orders, message('a', { expiresAt }), message('b', { expiresAt }), 'c')
    const hand = await desk.receiver(orders)
    await rig.time.advance(999)
    expect(await hand.ids(1)).toEqual(['a'])
    await rig.time.advance(1)
    expect(await desk.depth(orders)).toEqual({ ready: 1, inHand: 1, delayed: 0 })
    expect(await hand.ids()).toEqual(['c'])
    const dead = { kind: 'dead-letters', of: orders } as const
    await desk.send(dead, message('dead', { expiresAt }))
    expect(await desk.depth(dead)).toMatchObject({ ready: 1 })
    expect(await (await desk.receiver(dead)).ids()).toEqual(['dead'])
  })
})

describe('dedup', () => {
  it('stores a second one neither on a queue nor on a topic, until the window is over', async () => {
    const rig = new Rig({ dedupWindowMs: 1000 })
    const desk = await rig.with(orders, placed, subscription('billing'))
    for (const target of [orders, placed]) {
      const [first] = await desk.send(target, message('a', { dedupId: 'd' }))
      expect(first).toMatchObject({ as: 'confirmed', evidence: expect.stringMatching(/^\d+$/) as unknown })
      const [second] = await desk.send(target, message('b', { dedupId: 'd' }))
      expect(second).toEqual({ as: 'confirmed', evidence: 'duplicate' })
    }
    expect(await (await desk.receiver(orders)).ids()).toEqual(['a'])
    expect(await (await desk.receiver(subscription('billing'))).ids()).toEqual(['a'])
    await rig.time.advance(1000)
    await desk.send(orders, message('c', { dedupId: 'd' }))
    expect(await (await desk.receiver(orders)).ids()).toEqual(['c'])
  })

  it('forgets what was not stored', async () => {
    const rig = new Rig({ maxBytes: 4096 })
    const desk = await rig.with(orders)
    const large = { body: new Uint8Array(3000) }
    await desk.send(orders, message('a', large))
    expect(await desk.send(orders, message('b', { ...large, dedupId: 'd' }))).toMatchObject([{ as: 'refused' }])
    const hand = await desk.receiver(orders)
    await hand.ack(...(await hand.take()))
    expect(await desk.send(orders, message('b', { ...large, dedupId: 'd' }))).toMatchObject([{ as: 'confirmed' }])
  })
})

describe('a full store', () => {
  it('refuses, says so once, takes dead letters, and says once when there is room', async () => {
    const rig = new Rig({ maxBytes: 10_000 })
    const desk = await rig.with(orders)
    const states: string[] = []
    desk.connection.onState(({ as }) => states.push(as))
    const body = new Uint8Array(2500)
    const outcomes = await desk.send(orders, ...['a', 'b', 'c', 'd', 'e'].map((id) => message(id, { body })))
    expect(outcomes.map(({ as }) => as)).toEqual(['confirmed', 'confirmed', 'confirmed', 'refused', 'refused'])
    expect(outcomes[3]).toMatchObject({ error: { code: 'REFUSED', retryable: true, facts: { maxBytes: 10_000 } } })
    expect(await desk.send(orders, message('f', { body }))).toMatchObject([{ as: 'refused' }])
    expect(states).toEqual(['blocked'])
    const dead = { kind: 'dead-letters', of: orders } as const
    expect(await desk.send(dead, message('a', { body }))).toMatchObject([{ as: 'confirmed' }])
    const hand = await desk.receiver(orders)
    const [a, b, c] = await hand.take()
    if (!a || !b || !c) throw new Error('too few')
    await hand.ack(a)
    expect(states).toEqual(['blocked'])
    await hand.ack(b)
    expect(states).toEqual(['blocked', 'unblocked'])
    expect(await desk.send(orders, message('f', { body }))).toMatchObject([{ as: 'confirmed' }])
  })

  it('makes room by what expired unseen', async () => {
    const rig = new Rig({ maxBytes: 10_000 })
    const desk = await rig.with(orders)
    const body = new Uint8Array(4000)
    const expiresAt = rig.time.runtime.wallNow() + 1000
    await desk.send(orders, message('a', { body, expiresAt }), message('b', { body }))
    expect(await desk.send(orders, message('c', { body }))).toMatchObject([{ as: 'refused' }])
    await rig.time.advance(1000)
    expect(await desk.send(orders, message('c', { body }))).toMatchObject([{ as: 'confirmed' }])
    expect(await (await desk.receiver(orders)).ids()).toEqual(['b', 'c'])
  })

  it('refuses for good what could never fit', async () => {
    const desk = await new Rig({ maxBytes: 4096 }).with(orders)
    const states: string[] = []
    desk.connection.onState(({ as }) => states.push(as))
    const outcomes = await desk.send(orders, message('a', { body: new Uint8Array(5000) }))
    expect(outcomes).toMatchObject([{ as: 'refused', error: { code: 'REFUSED', retryable: false } }])
    expect(states).toEqual([])
  })

  it('counts a fan-out once, and all of it is free again in the end', async () => {
    const rig = new Rig({ maxBytes: 100_000 })
    const refs = Array.from({ length: 20 }, (_, index) => subscription(`s${index}0`))
    const desk = await rig.with(placed, ...refs)
    for (let round = 0; round < 50; round += 1) {
      const outcomes = await desk.send(placed, message(`m${round}`, { body: new Uint8Array(50_000) }))
      expect(outcomes).toMatchObject([{ as: 'confirmed' }])
      for (const ref of refs) {
        const hand = await desk.receiver(ref)
        await hand.ack(...(await hand.take()))
        await hand.close()
      }
    }
  })
})
