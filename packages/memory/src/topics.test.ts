import { describe, expect, it } from 'vitest'
import { idsOf, message, NEVER, placed, Rig, subscription } from '../test/rig.ts'

const billing = subscription('billing')
const audit = subscription('audit')

describe('a topic', () => {
  it('gives each subscription the same message, as a delivery of its own', async () => {
    const desk = await new Rig().with(placed, billing, audit)
    const sent = message('a')
    await desk.send(placed, sent)
    const one = await desk.receiver(billing)
    const [a] = await one.take()
    expect(a?.message).toBe(sent)
    if (a) await one.retry(a, 0)
    expect((await one.take())[0]?.attempt).toBe(2)
    const [b] = await (await desk.receiver(audit)).take()
    expect(b?.message).toBe(sent)
    expect(b?.attempt).toBe(1)
  })

  it('takes messages with nobody to give them to', async () => {
    const desk = await new Rig().with(placed)
    expect(await desk.send(placed, 'a')).toMatchObject([{ as: 'confirmed' }])
    await desk.ensure(billing)
    expect(await (await desk.receiver(billing)).ids()).toEqual([])
  })

  it('lets a sender reach one subscription alone, past its filter', async () => {
    const desk = await new Rig().with(placed, audit)
    await desk.ensure(billing, { filter: { kind: 'paid' } })
    await desk.send(billing, 'a')
    expect(await (await desk.receiver(billing)).ids()).toEqual(['a'])
    expect(await (await desk.receiver(audit)).ids()).toEqual([])
  })

  it('filters by every operator', async () => {
    const desk = await new Rig().with(placed)
    const filters = {
      equals: { kind: 'paid' },
      anyOf: { kind: ['paid', 'sent'] },
      prefix: { kind: { prefix: 'pa' } },
      exists: { kind: { exists: true } },
      absent: { kind: { exists: false } },
    }
    for (const [name, filter] of Object.entries(filters)) await desk.ensure(subscription(name), { filter })
    const kinds = ['paid', 'sent', 'paused']
    await desk.send(placed, ...kinds.map((kind) => message(kind, { headers: { kind } })), 'bare')
    const got: Record<string, string[]> = {}
    for (const name of Object.keys(filters)) got[name] = await (await desk.receiver(subscription(name))).ids()
    expect(got).toEqual({
      equals: ['paid'],
      anyOf: ['paid', 'sent'],
      prefix: ['paid', 'paused'],
      exists: ['paid', 'sent', 'paused'],
      absent: ['bare'],
    })
  })

  it('keeps dead letters apart', async () => {
    const desk = await new Rig().with(placed, billing, audit)
    await desk.send({ kind: 'dead-letters', of: billing }, 'a')
    expect(await desk.depth({ kind: 'dead-letters', of: billing })).toMatchObject({ ready: 1 })
    expect(await desk.depth({ kind: 'dead-letters', of: audit })).toMatchObject({ ready: 0 })
    expect(await desk.depth(billing)).toMatchObject({ ready: 0 })
  })
})

describe('the log of a topic', () => {
  it('feeds a subscription from the earliest, through its filter', async () => {
    const desk = await new Rig().with(placed)
    await desk.send(
      placed,
      message('a', { headers: { kind: 'paid' } }),
      'b',
      message('c', { headers: { kind: 'paid' } }),
    )
    await desk.ensure(billing, { from: 'earliest', filter: { kind: 'paid' } })
    await desk.send(placed, message('d', { headers: { kind: 'paid' } }))
    expect(await (await desk.receiver(billing)).ids()).toEqual(['a', 'c', 'd'])
  })

  it('keeps its end only, by bytes and by age', async () => {
    const rig = new Rig({ topicLogBytes: 2500 })
    const desk = await rig.with(placed)
    await desk.send(placed, ...['a', 'b', 'c', 'd'].map((id) => message(id, { body: new Uint8Array(800) })))
    await desk.ensure(billing, { from: 'earliest' })
    expect(await (await desk.receiver(billing)).ids()).toEqual(['c', 'd'])
    await rig.time.advance(7 * 86_400_000)
    await desk.ensure(audit, { from: 'earliest' })
    expect(await (await desk.receiver(audit)).ids()).toEqual([])
  })

  it('takes a subscription back to the start or to a time; what was in hand is lost', async () => {
    const rig = new Rig()
    const desk = await rig.with(placed, billing)
    await desk.send(placed, 'a', 'b')
    await rig.time.advance(1000)
    const later = new Date(rig.time.runtime.wallNow())
    await desk.send(placed, 'c')
    const hand = await desk.receiver(billing)
    const [a, b] = await hand.take(2)
    if (!a || !b) throw new Error('too few')
    await hand.ack(a)
    await desk.connection.admin.seek?.(billing, 'start', NEVER)
    expect(hand.lost).toEqual(['all'])
    expect(await hand.ack(b)).toEqual(['lost'])
    const again = await hand.take()
    expect(idsOf(again)).toEqual(['a', 'b', 'c'])
    expect(again.map((d) => d.attempt)).toEqual([1, 1, 1])
    await desk.connection.admin.seek?.(billing, later, NEVER)
    expect(await hand.ids()).toEqual(['c'])
    await desk.connection.admin.seek?.(billing, new Date(later.getTime() + 1), NEVER)
    expect(await hand.ids()).toEqual([])
  })

  it('does not move under the consumers of another connection', async () => {
    const rig = new Rig()
    const desk = await rig.with(placed, billing)
    await (await rig.with(placed)).receiver(billing)
    await expect(desk.connection.admin.seek?.(billing, 'start', NEVER)).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  it('adds all that a subscription asked for or nothing', async () => {
    const desk = await new Rig({ maxBytes: 4096 }).with(placed)
    for (const id of ['a', 'b', 'c']) await desk.send(placed, message(id, { body: new Uint8Array(1500) }))
    await expect(desk.ensure(billing, { from: 'earliest' })).rejects.toMatchObject({ code: 'REFUSED' })
    expect(await desk.connection.topology.check(billing, {}, NEVER)).toBeUndefined()
  })
})
