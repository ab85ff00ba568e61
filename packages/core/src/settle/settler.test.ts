import type { Receiver, SettleOutcome } from '@anybroker/driver'
import { describe, expect, it } from 'vitest'
import { fakeLink, fakeReceiver, final, transient, wire } from '../../test/fake-link.ts'
import { gate } from '../../test/rig.ts'
import type { Attached } from '../receive/attached.ts'
import { Entry } from '../receive/entry.ts'
import { Settler, type Settled } from './settler.ts'

type Settle = Receiver['settle']
const allOk: Settle = async (batch) => batch.map(() => ({ as: 'ok' }))

async function bench(settle: Settle, timeoutMs = 10_000) {
  const fake = await fakeLink()
  const batches: unknown[][] = []
  let answer = settle
  const receiver = fakeReceiver({
    settle: (batch, signal) => {
      batches.push(batch.map(({ receipt }) => receipt))
      return answer(batch, signal)
    },
  })
  let renewal: Promise<unknown> | undefined
  const ends = new Map<unknown, Settled>()
  const settler = new Settler({
    link: fake.link,
    receiver,
    name: 'orders',
    timeoutMs,
    marginMs: 1_000,
    renewal: () => renewal,
    settled: ({ settlement: { receipt } }, settled) => {
      expect(ends.has(receipt)).toBe(false)
      ends.set(receipt, settled)
    },
  })
  /** What is returned is the entry: its lease can be cut short. */
  const add = (receipt: string): Entry => {
    const delivery = { receipt, message: wire(receipt), attempt: 1, redelivered: false, native: undefined }
    const entry = new Entry(delivery, { dead: false } as Attached, false)
    settler.add(entry, 'ack', { receipt, as: 'ack' })
    return entry
  }
  return {
    time: fake.time,
    settler,
    batches,
    ends,
    add,
    answer: (next: Settle) => void (answer = next),
    renew: (next: Promise<unknown>) => void (renewal = next),
  }
}

describe('a settler', () => {
  it('settles together what was settled in one tick, and answers each for itself', async () => {
    const outcomes: SettleOutcome[] = [{ as: 'ok' }, { as: 'lost' }, { as: 'error', error: final }]
    const { time, add, batches, ends, settler } = await bench(async () => outcomes)
    for (const receipt of ['a', 'b', 'c']) add(receipt)
    expect(batches).toEqual([])
    await time.until(settler.flushed())
    expect(batches).toEqual([['a', 'b', 'c']])
    expect(ends.get('a')).toEqual({ as: 'ok' })
    expect(ends.get('b')).toEqual({ as: 'lost' })
    expect(ends.get('c')).toMatchObject({ as: 'failed', error: { code: 'REFUSED' } })
    expect(time.pending()).toBe(0)
  })

  it('gathers while a call is under way', async () => {
    const slow = gate()
    const { time, add, batches, settler } = await bench(async (batch, signal) => {
      await slow.opened
      return allOk(batch, signal)
    })
    add('a')
    await time.idle()
    add('b')
    add('c')
    await time.idle()
    expect(batches).toEqual([['a']])
    slow.open()
    await time.until(settler.flushed())
    expect(batches).toEqual([['a'], ['b', 'c']])
  })

  it('lets nothing reach the wire that our clock no longer trusts', async () => {
    const { time, add, batches, ends } = await bench(allOk)
    // A second of margin: a settle takes time too.
    add('late').leaseUntil = time.now() + 1_000
    add('good').leaseUntil = time.now() + 1_001
    await time.idle()
    expect(batches).toEqual([['good']])
    expect(ends.get('late')).toEqual({ as: 'lost' })
  })

  it('tries again what may pass, and stops when the lease ends', async () => {
    const { time, add, batches, ends, answer } = await bench(async (batch) =>
      batch.map(() => ({ as: 'error', error: transient })),
    )
    add('a')
    const b = add('b')
    await time.idle()
    expect(batches).toHaveLength(1)
    b.leaseUntil = time.now()
    answer(allOk)
    await time.advance(1_000)
    expect(batches.slice(1)).toEqual([['a']])
    expect(ends.get('a')).toEqual({ as: 'ok' })
    expect(ends.get('b')).toEqual({ as: 'lost' })
  })

  it('gives up at the deadline, with what was wrong', async () => {
    const { time, add, ends } = await bench(
      async (batch) => batch.map(() => ({ as: 'error', error: transient })),
      1_000,
    )
    add('a')
    await time.advance(900)
    expect(ends.size).toBe(0)
    await time.advance(5_000)
    expect(ends.get('a')).toMatchObject({ as: 'failed', error: { code: 'UNAVAILABLE' } })
    expect(time.pending()).toBe(0)
  })

  it('gives up a call that never answers', async () => {
    const { time, add, ends } = await bench(() => new Promise(() => undefined), 1_000)
    add('a')
    await time.advance(1_000)
    expect(ends.get('a')).toMatchObject({ as: 'failed', error: { code: 'TIMEOUT' } })
  })

  it('takes no answer for no success', async () => {
    const { time, add, ends } = await bench(async () => [{ as: 'ok' }], 1_000)
    add('a')
    add('b')
    await time.advance(10_000)
    expect(ends.get('a')).toEqual({ as: 'ok' })
    // Alone in the second call, it is the one that is answered.
    expect(ends.get('b')).toBeDefined()
    expect(ends.size).toBe(2)
  })

  it('loses what is pending when the receiver dies, and sends nothing after', async () => {
    const { time, add, batches, ends, settler } = await bench(() => new Promise(() => undefined))
    add('under way')
    await time.idle()
    add('waiting')
    settler.end()
    await time.idle()
    expect(ends.get('under way')).toEqual({ as: 'lost' })
    expect(ends.get('waiting')).toEqual({ as: 'lost' })
    add('later')
    await time.idle()
    expect(ends.get('later')).toEqual({ as: 'lost' })
    expect(batches).toEqual([['under way']])
    expect(time.pending()).toBe(0)
  })

  it('waits for a renewal of leases under way, so that it cannot undo what follows', async () => {
    const { time, add, batches, renew } = await bench(allOk)
    const renewal = gate()
    renew(renewal.opened)
    add('a')
    await time.idle()
    expect(batches).toEqual([])
    renewal.open()
    await time.idle()
    expect(batches).toEqual([['a']])
  })

  it('cuts what is very many into calls', async () => {
    const { time, add, batches, settler } = await bench(allOk)
    for (let index = 0; index < 2_500; index += 1) add(`m${index}`)
    await time.until(settler.flushed())
    expect(batches.map((batch) => batch.length)).toEqual([1_000, 1_000, 500])
  })
})
