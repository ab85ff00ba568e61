import type { QueueRef } from '@anybroker/driver'
import { describe, expect, it } from 'vitest'
import { Desk, keyed, message, NEVER, orders, Rig } from '../test/rig.ts'

interface Seen {
  readonly id: string
  readonly attempt: number
}

/** A consumer that reopens whatever it lost, on a new connection where it must, until nothing is left. */
async function consume(rig: Rig, queue: QueueRef, seen: Seen[], losses: string[]): Promise<void> {
  for (;;) {
    let down = false
    const desk = new Desk(await rig.connect())
    desk.connection.onState(({ as }) => (down ||= as === 'disconnected'))
    const hand = await desk.receiver(queue, 8)
    try {
      for (;;) {
        const deliveries = await hand.take(8)
        const { ready = 0 } = (await desk.depth(queue)) ?? {}
        if (deliveries.length === 0 && ready === 0) {
          await desk.connection.close(NEVER)
          return
        }
        seen.push(...deliveries.map(({ message: { id }, attempt }) => ({ id, attempt })))
        await hand.ack(...deliveries)
      }
    } catch (error) {
      expect(rig.driver.describeError(error)).toMatchObject({
        code: 'UNAVAILABLE',
        retryable: true,
        scope: down ? 'connection' : 'receiver',
      })
      losses.push(down ? 'connection' : 'receiver')
      await desk.connection.close(AbortSignal.abort())
    }
  }
}

async function run(queue: QueueRef, seed: number): Promise<{ seen: Seen[]; losses: string[]; sent: string[] }> {
  const rig = new Rig({ profile: 'harsh', seed })
  const desk = await rig.with(queue)
  const sent = Array.from({ length: 8000 }, (_, index) => `${index}`)
  const messages = sent.map((id, index) => message(id, queue.ordering === 'key' ? { key: `k${index % 50}` } : {}))
  for (let from = 0; from < messages.length; from += 1000) await desk.send(queue, ...messages.slice(from, from + 1000))
  const seen: Seen[] = []
  const losses: string[] = []
  await consume(rig, queue, seen, losses)
  expect(rig.time.pending()).toBe(0)
  return { seen, losses, sent }
}

describe('the harsh profile', () => {
  it('loses nothing, in spite of disorder, duplicates and lost sessions', async () => {
    const allLosses: string[] = []
    for (const seed of [1, 2, 3]) {
      const { seen, losses, sent } = await run(orders, seed)
      expect(new Set(seen.map(({ id }) => id))).toEqual(new Set(sent))
      expect(seen.length).toBeGreaterThan(8100)
      expect(seen.length).toBeLessThan(8700)
      expect(seen.map(({ id }) => id).slice(0, 100)).not.toEqual(sent.slice(0, 100))
      allLosses.push(...losses)
    }
    expect(new Set(allLosses)).toEqual(new Set(['connection', 'receiver']))
  })

  it('keeps keys in order and does not repeat them', async () => {
    const { seen, losses } = await run(keyed, 4)
    const first = new Map<string, number>()
    for (const { id } of seen) {
      const key = `k${Number(id) % 50}`
      expect(Number(id)).toBeGreaterThanOrEqual(first.get(key) ?? 0)
      first.set(key, Number(id))
    }
    expect(losses.length).toBeGreaterThan(0)
  })

  it('is the same again for the same seed, and another for another', async () => {
    const one = await run(orders, 7)
    expect(await run(orders, 7)).toEqual(one)
    expect((await run(orders, 8)).seen).not.toEqual(one.seen)
  })

  it('counts takes that no handler saw', async () => {
    const desk = await new Rig({ profile: 'harsh' }).with(orders)
    await desk.send(orders, 'a')
    const hand = await desk.receiver(orders)
    for (const attempt of [1, 2, 3]) {
      const [a] = await hand.take()
      if (!a) throw new Error('nothing')
      expect(a.attempt).toBe(attempt)
      await hand.release(a)
    }
  })

  it('grants a third of a lease, and is late to take it back, by no more than another', async () => {
    const rig = new Rig({ profile: 'harsh' })
    const desk = await rig.with(orders)
    await desk.send(orders, 'a')
    const hand = await desk.receiver(orders, 10, 30_000)
    const held = await hand.take()
    expect(held[0]?.leaseUntil).toBe(rig.time.now() + 10_000)
    await rig.time.advance(10_000)
    expect(hand.lost).toEqual([])
    await rig.time.advance(10_000)
    expect(hand.lost).toEqual([[held[0]?.receipt]])
  })

  it('does not repeat what was dead-lettered', async () => {
    const desk = await new Rig({ profile: 'harsh' }).with(orders)
    const dead = { kind: 'dead-letters', of: orders } as const
    const hand = await desk.receiver(orders, 1000)
    for (let index = 0; index < 300; index += 1) {
      await desk.send(orders, `m${index}`)
      const [one] = await hand.take()
      if (!one) throw new Error('nothing')
      await desk.send(dead, one.message)
      await hand.ack(one)
    }
    expect(await hand.ids()).toEqual([])
    expect(await desk.depth(orders)).toEqual({ ready: 0 })
  })

  it('leaves the inbox of a lost receiver to the next one', async () => {
    const desk = await new Rig({ profile: 'harsh' }).with()
    const inbox = await desk.receiver({ kind: 'inbox' })
    const { address = '' } = inbox.receiver
    const ref = { kind: 'inbox', address } as const
    let hand = inbox
    for (let round = 0; round < 3; round += 1) {
      for (;;) {
        expect(await desk.send(ref, 'reply')).toMatchObject([{ as: 'confirmed' }])
        try {
          await hand.ack(...(await hand.take()))
        } catch (error) {
          expect(error).toMatchObject({ code: 'UNAVAILABLE' })
          break
        }
      }
      await hand.close()
      const down = await desk.connection.openSender(ref, NEVER).then(
        () => false,
        () => true,
      )
      if (down) return
      hand = await desk.receiver(ref)
    }
  })
})
