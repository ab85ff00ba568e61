import { describe, expect, it } from 'vitest'
import { idsOf, message, NEVER, orders, receiptsOf, Rig } from '../test/rig.ts'

describe('what is received', () => {
  it('comes in the order in which it was sent, as it was sent', async () => {
    const desk = await new Rig().with(orders)
    const sent = message('a', { body: new Uint8Array([0, 255, 0]), correlationId: 'c' })
    await desk.send(orders, sent, 'b')
    const [first, second] = await (await desk.receiver(orders)).take()
    expect(first?.message).toBe(sent)
    expect(first).toMatchObject({ attempt: 1, redelivered: false })
    expect(second?.message.id).toBe('b')
  })

  it('never exceeds the credit, and more comes as it is settled', async () => {
    const desk = await new Rig().with(orders)
    await desk.send(orders, 'a', 'b', 'c', 'd')
    const hand = await desk.receiver(orders, 2)
    const [a, b] = await hand.take()
    expect(await hand.ids()).toEqual([])
    if (a) await hand.ack(a)
    expect(await hand.ids()).toEqual(['c'])
    await hand.receiver.resize(3)
    expect(await hand.ids()).toEqual(['d'])
    expect(b?.message.id).toBe('b')
  })

  it('spreads as it copies: own fields only', async () => {
    const desk = await new Rig().with(orders)
    await desk.send(orders, 'a')
    const hand = await desk.receiver(orders)
    const [a] = await hand.take()
    if (a === undefined) throw new Error('nothing')
    const copy = { ...a }
    expect(copy.message.id).toBe('a')
    expect(await hand.ack(copy)).toEqual(['ok'])
  })
})

describe('waiting', () => {
  it('ends with the first message', async () => {
    const desk = await new Rig().with(orders)
    const hand = await desk.receiver(orders)
    const waiting = hand.take(10, 20_000)
    await desk.send(orders, 'a', 'b')
    expect(idsOf(await waiting)).toEqual(['a', 'b'])
  })

  it('ends empty after waitMs, and leaves no timer', async () => {
    const rig = new Rig()
    const desk = await rig.with(orders)
    const hand = await desk.receiver(orders)
    expect(await rig.time.until(hand.take(10, 5000))).toEqual([])
    expect(rig.time.pending()).toBe(0)
  })

  it('ends with the reason of the signal and loses nothing', async () => {
    const rig = new Rig()
    const desk = await rig.with(orders)
    const hand = await desk.receiver(orders)
    const abort = new AbortController()
    const waiting = hand.take(10, 5000, abort.signal)
    const reason = new Error('enough')
    abort.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await expect(hand.take(10, 0, abort.signal)).rejects.toBe(reason)
    await desk.send(orders, 'a')
    expect(await hand.ids()).toEqual(['a'])
    await desk.connection.close(NEVER)
    expect(rig.time.pending()).toBe(0)
  })

  it('pauses and resumes', async () => {
    const desk = await new Rig().with(orders)
    const hand = await desk.receiver(orders)
    hand.receiver.pause()
    const waiting = hand.take(10, 5000)
    await desk.send(orders, 'a')
    await Promise.resolve()
    hand.receiver.resume()
    expect(idsOf(await waiting)).toEqual(['a'])
  })

  it('shares among all who wait', async () => {
    const desk = await new Rig().with(orders)
    const hands = await Promise.all([1, 2, 3, 4].map(() => desk.receiver(orders)))
    const waiting = hands.map((hand) => hand.take(100, 5000))
    await desk.send(orders, ...Array.from({ length: 10 }, (_, index) => `m${index}`))
    expect((await Promise.all(waiting)).map((got) => got.length)).toEqual([3, 3, 2, 2])
  })

  it('lets the event loop turn while there is always more', async () => {
    const desk = await new Rig().with(orders)
    for (let batch = 0; batch < 5; batch += 1) {
      await desk.send(orders, ...Array.from({ length: 1000 }, (_, index) => `${batch}-${index}`))
    }
    const hand = await desk.receiver(orders, 100)
    let turns = 0
    let running = true
    const turn = () => {
      turns += 1
      if (running) setImmediate(turn)
    }
    setImmediate(turn)
    for (let got = await hand.take(); got.length > 0; got = await hand.take()) await hand.ack(...got)
    running = false
    expect(turns).toBeGreaterThan(2)
  })
})

describe('leases', () => {
  it('end: the receipts are lost, told at once, and the messages come again first and in order', async () => {
    const rig = new Rig()
    const desk = await rig.with(orders)
    await desk.send(orders, 'a', 'b', 'c')
    const slow = await desk.receiver(orders)
    const other = await desk.receiver(orders)
    const held = await slow.take(2)
    slow.receiver.started?.(held.map(({ receipt }) => ({ receipt, attempts: 1 })))
    expect(held[0]?.leaseUntil).toBe(rig.time.now() + 30_000)
    await rig.time.advance(29_999)
    expect(await other.ids(1)).toEqual(['c'])
    await rig.time.advance(1)
    expect(slow.lost).toEqual([receiptsOf(held)])
    const again = await other.take()
    expect(idsOf(again)).toEqual(['a', 'b'])
    expect(again[0]).toMatchObject({ attempt: 2, redelivered: true })
    expect(await slow.ack(...held)).toEqual(['lost', 'lost'])
    expect(await other.ack(...again)).toEqual(['ok', 'ok'])
  })

  it('are renewed, one by one', async () => {
    const rig = new Rig()
    const desk = await rig.with(orders)
    await desk.send(orders, 'a', 'b')
    const hand = await desk.receiver(orders)
    const held = await hand.take()
    await rig.time.advance(20_000)
    const [a] = receiptsOf(held)
    expect(await hand.receiver.extend?.([a], 30_000, NEVER)).toEqual([
      { as: 'ok', leaseUntil: rig.time.now() + 30_000 },
    ])
    await rig.time.advance(20_000)
    expect(hand.lost).toEqual([[held[1]?.receipt]])
    expect(await hand.ack(...held)).toEqual(['ok', 'lost'])
    expect(await hand.receiver.extend?.([a], 30_000, NEVER)).toEqual([{ as: 'lost' }])
  })

  it('are judged by the clock, before any timer ran', async () => {
    const rig = new Rig()
    const desk = await rig.with(orders)
    await desk.send(orders, 'a')
    const hand = await desk.receiver(orders)
    const held = await hand.take()
    // A timer of ours, armed before, for the same instant: it runs before the store's.
    const early = new Promise<string[]>((resolve, reject) => {
      rig.time.runtime.timer(30_000, () => void hand.ack(...held).then(resolve, reject))
    })
    await rig.time.advance(30_000)
    expect(['ok', 'lost']).toContain((await early)[0])
    expect(await early).toEqual(['lost'])
  })

  it('of one receiver cannot be settled by another', async () => {
    const desk = await new Rig().with(orders)
    await desk.send(orders, 'a')
    const one = await desk.receiver(orders)
    const other = await desk.receiver(orders)
    const held = await one.take()
    expect(await other.ack(...held)).toEqual(['lost'])
    expect((await other.receiver.settle([{ receipt: 'nonsense', as: 'ack' }], NEVER))[0]).toEqual({ as: 'lost' })
    expect(await one.ack(...held)).toEqual(['ok'])
    expect(await one.ack(...held)).toEqual(['lost'])
  })
})

describe('the end of a receiver', () => {
  it('is an error for whoever takes from it all the same', async () => {
    const desk = await new Rig().with(orders)
    const one = await desk.receiver(orders)
    await one.close()
    await desk.send(orders, 'a')
    await expect(one.take()).rejects.toMatchObject({ code: 'CLOSED' })
    expect(await (await desk.receiver(orders)).ids()).toEqual(['a'])
  })

  it('gives back what it held, uncounted and in order', async () => {
    const desk = await new Rig().with(orders)
    await desk.send(orders, 'a', 'b', 'c')
    const one = await desk.receiver(orders)
    const [a] = await one.take(2)
    if (a) await one.ack(a)
    await one.close()
    const again = await (await desk.receiver(orders)).take()
    expect(again.map((d) => [d.message.id, d.attempt, d.redelivered])).toEqual([
      ['b', 1, true],
      ['c', 1, false],
    ])
  })

  it('when its connection dies: told once, attempts counted where a handler had it', async () => {
    const rig = new Rig()
    const desk = await rig.with(orders)
    const states: string[] = []
    desk.connection.onState(({ as }) => states.push(as))
    await desk.send(orders, 'a', 'b', 'c')
    const one = await desk.receiver(orders)
    const [a, b] = await one.take(2)
    if (a) one.receiver.started?.([{ receipt: a.receipt, attempts: 1 }])
    if (b) one.receiver.hold?.([{ receipt: b.receipt, attempts: 0, dueAt: rig.time.now() + 60_000 }])
    const waiting = one.take(0, 60_000)
    const { inspect } = await import('./index.ts')
    inspect(desk.connection.native).disconnect('gone')
    await expect(waiting).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    await expect(one.take()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(desk.send(orders, 'x')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await desk.connection.close(AbortSignal.abort())
    expect(states).toEqual(['disconnected'])
    expect(one.lost).toEqual(['all'])

    const next = await rig.with(orders)
    const other = await next.receiver(orders, 100, 100_000)
    expect((await other.take()).map((d) => [d.message.id, d.attempt])).toEqual([
      ['a', 2],
      ['c', 1],
    ])
    await rig.time.advance(60_000)
    expect((await other.take()).map((d) => [d.message.id, d.attempt])).toEqual([['b', 1]])
  })

  it('when its queue is deleted', async () => {
    const desk = await new Rig().with(orders)
    await desk.send(orders, 'a')
    const hand = await desk.receiver(orders)
    const held = await hand.take()
    const waiting = hand.take(1, 1000)
    expect(await desk.delete(orders)).toBe(true)
    expect(await desk.delete(orders)).toBe(false)
    await expect(waiting).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'queue orders was deleted' })
    await expect(hand.take()).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(hand.lost).toEqual(['all'])
    expect(await hand.ack(...held)).toEqual(['lost'])
    expect(await desk.send(orders, 'b')).toMatchObject([{ as: 'refused', error: { code: 'NOT_FOUND' } }])
    await expect(desk.receiver(orders)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
