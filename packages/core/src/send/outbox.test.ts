import { BrokerError, type Ref, type WireMessage } from '@anybroker/driver'
import { describe, expect, it } from 'vitest'
import { confirmAll, fakeLink, final, transient, wire, type FakeLink } from '../../test/fake-link.ts'
import { gate, watch } from '../../test/rig.ts'
import { Outbox, type OutboxOptions } from './outbox.ts'

const orders: Ref = { kind: 'queue', name: 'orders', ordering: 'none' }
const keyed: Ref = { kind: 'queue', name: 'orders', ordering: 'key' }

async function bench(target: Ref = orders, options: Partial<OutboxOptions> = {}) {
  const fake = await fakeLink()
  const outbox = new Outbox(fake.link, target, 'queue orders', {
    maxMessages: 1_000,
    maxBytes: 1024 * 1024,
    prepare: () => Promise.resolve(),
    ...options,
  })
  const send = (id: string, over: Partial<WireMessage> = {}, timeoutMs = 10_000) =>
    watch(outbox.submit(wire(id, over), { timeoutMs }))
  return { fake, outbox, send, time: fake.time }
}

const signalNever = new AbortController().signal
const after = async (fake: FakeLink, outbox: Outbox) => {
  await fake.time.until(outbox.close(signalNever))
  await fake.link.close(signalNever)
  expect(fake.open()).toBe(0)
  expect(fake.time.pending()).toBe(0)
}

describe('an outbox', () => {
  it('sends together what was sent in one tick, in order', async () => {
    const { fake, outbox, send, time } = await bench()
    const sends = ['a', 'b', 'c'].map((id) => send(id))
    await time.idle()
    expect(fake.batches).toEqual([['a', 'b', 'c']])
    expect(sends.map(({ outcome }) => outcome)).toEqual(
      ['a', 'b', 'c'].map((id) => ({ value: { id, evidence: `stored ${id}` } })),
    )
    await after(fake, outbox)
  })

  it('gathers the next batch while one is under way, and no more than may be in flight', async () => {
    const { fake, outbox, send, time } = await bench()
    const slow = gate()
    fake.answer = async (batch, signal) => {
      await slow.opened
      return confirmAll(batch, signal)
    }
    send('a')
    await time.idle()
    for (const id of ['b', 'c', 'd']) send(id)
    await time.idle()
    expect(fake.batches).toEqual([['a']])
    slow.open()
    await time.idle()
    expect(fake.batches).toEqual([['a'], ['b', 'c', 'd']])
    await after(fake, outbox)
  })

  it('keeps within the limits of the sender', async () => {
    const { fake, outbox, send, time } = await bench()
    Object.assign(fake.batch, { maxMessages: 2, maxBytes: 300, maxInFlight: 3 })
    const sends = ['a', 'b', 'c'].map((id) => send(id))
    const large = send('large', { body: new Uint8Array(5_000) })
    await time.idle()
    expect(fake.batches).toEqual([['a', 'b'], ['c'], ['large']])
    expect([...sends, large].every(({ outcome }) => outcome !== undefined && 'value' in outcome)).toBe(true)
    await after(fake, outbox)
  })

  it('tries again what is unknown, with the same id, and what is refused for now', async () => {
    const { fake, outbox, send, time } = await bench()
    let round = 0
    fake.answer = async (batch, signal) => {
      round += 1
      if (round > 2) return confirmAll(batch, signal)
      return batch.map(({ id }) => ({ as: id === 'a' ? 'unknown' : 'refused', error: transient }))
    }
    const sends = [send('a'), send('b')]
    await time.advance(1_000)
    expect(fake.batches).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ])
    expect(sends.map(({ outcome }) => outcome)).toEqual([
      { value: { id: 'a', evidence: 'stored a' } },
      { value: { id: 'b', evidence: 'stored b' } },
    ])
    await after(fake, outbox)
  })

  it('tells a final refusal at once, of that message alone', async () => {
    const { fake, outbox, send, time } = await bench()
    fake.answer = async (batch) =>
      batch.map(({ id }) => (id === 'b' ? { as: 'refused', error: final } : { as: 'confirmed', evidence: id }))
    const [a, b] = [send('a'), send('b')]
    await time.idle()
    expect(a.outcome).toEqual({ value: { id: 'a', evidence: 'a' } })
    expect(b.outcome).toMatchObject({ error: { code: 'REFUSED', outcome: 'refused' } })
    expect(fake.batches).toHaveLength(1)
    await after(fake, outbox)
  })

  it('counts what it throws as unknown for all, and opens another sender', async () => {
    const { fake, outbox, send, time } = await bench()
    let round = 0
    fake.answer = (batch, signal) => {
      round += 1
      return round === 1 ? Promise.reject(new Error('broken pipe')) : confirmAll(batch, signal)
    }
    const sent = send('a')
    await time.advance(1_000)
    expect(sent.outcome).toMatchObject({ value: { id: 'a' } })
    expect(fake.open()).toBe(1)
    await after(fake, outbox)
  })

  it('ends at the deadline to the millisecond: unknown what was handed over, refused what never was', async () => {
    const { fake, outbox, send, time } = await bench()
    fake.answer = () => new Promise(() => undefined)
    const handed = send('a', {}, 500)
    await time.idle()
    const waiting = send('b', {}, 700)
    await time.advance(499)
    expect(handed.outcome).toBeUndefined()
    await time.advance(1)
    expect(handed.outcome).toMatchObject({ error: { code: 'TIMEOUT', outcome: 'unknown', retryable: true } })
    await time.advance(199)
    expect(waiting.outcome).toBeUndefined()
    await time.advance(1)
    expect(waiting.outcome).toMatchObject({ error: { code: 'TIMEOUT', outcome: 'refused' } })
    // A batch that outlives its messages is given up, and its sender with it.
    await time.advance(2_000)
    expect(fake.open()).toBe(0)
    await after(fake, outbox)
  })

  it('lets a signal end the waiting, with its reason', async () => {
    const { fake, outbox, time } = await bench()
    const slow = gate()
    fake.answer = async (batch, signal) => {
      await slow.opened
      return confirmAll(batch, signal)
    }
    const controller = new AbortController()
    const sent = watch(outbox.submit(wire('a'), { timeoutMs: 1_000, signal: controller.signal }))
    await time.idle()
    controller.abort('enough')
    await time.idle()
    expect(sent.outcome).toEqual({ error: 'enough' })
    const aborted = watch(outbox.submit(wire('b'), { timeoutMs: 1_000, signal: controller.signal }))
    await time.idle()
    expect(aborted.outcome).toEqual({ error: 'enough' })
    slow.open()
    await time.idle()
    expect(fake.batches).toEqual([['a']])
    await after(fake, outbox)
  })

  it('says when a message is in the window, and lets the rest wait for room in their order', async () => {
    const { fake, outbox, time } = await bench(orders, { maxMessages: 2 })
    const slow = gate()
    fake.answer = async (batch, signal) => {
      await slow.opened
      return confirmAll(batch, signal)
    }
    const admitted: string[] = []
    const sends = ['a', 'b', 'c', 'd'].map((id) =>
      watch(outbox.submit(wire(id), { timeoutMs: 1_000, admitted: () => admitted.push(id) })),
    )
    await time.idle()
    expect(admitted).toEqual(['a', 'b'])
    slow.open()
    await time.idle()
    expect(admitted).toEqual(['a', 'b', 'c', 'd'])
    expect(sends.every(({ outcome }) => outcome !== undefined && 'value' in outcome)).toBe(true)
    await after(fake, outbox)
  })

  it('takes one message that is larger than its window', async () => {
    const { fake, outbox, send, time } = await bench(orders, { maxBytes: 1_000 })
    const sent = send('a', { body: new Uint8Array(50_000) })
    await time.idle()
    expect(sent.outcome).toMatchObject({ value: { id: 'a' } })
    await after(fake, outbox)
  })

  it('fails all that waits with what is wrong with the target, and tries again with the next message', async () => {
    const { fake, outbox, send, time } = await bench()
    fake.opening = new BrokerError('NOT_FOUND', 'there is no queue orders')
    const sends = [send('a'), send('b')]
    await time.idle()
    for (const { outcome } of sends) expect(outcome).toMatchObject({ error: { code: 'NOT_FOUND', outcome: 'refused' } })
    fake.opening = undefined
    const later = send('c')
    await time.idle()
    expect(later.outcome).toMatchObject({ value: { id: 'c' } })
    await after(fake, outbox)
  })

  it('waits out what may pass, and sends on the next connection', async () => {
    const { fake, outbox, send, time } = await bench()
    fake.opening = transient
    const sent = send('a')
    await time.advance(2_000)
    expect(sent.outcome).toBeUndefined()
    fake.opening = undefined
    await time.advance(5_000)
    expect(sent.outcome).toMatchObject({ value: {} })
    fake.disconnect()
    const next = send('b')
    await time.advance(1_000)
    expect(next.outcome).toMatchObject({ value: {} })
    expect(fake.open()).toBe(1)
    await after(fake, outbox)
  })
})

describe('an ordered outbox', () => {
  it('has one batch of a key under way, and one message of it where the sender keeps no order', async () => {
    const { fake, outbox, send, time } = await bench(keyed)
    Object.assign(fake.batch, { maxInFlight: 5 })
    const slow = gate()
    fake.answer = async (batch, signal) => {
      await slow.opened
      return confirmAll(batch, signal)
    }
    for (const [id, key] of [
      ['a1', 'a'],
      ['a2', 'a'],
      ['b1', 'b'],
      ['free', undefined],
      ['a3', 'a'],
    ] as const)
      send(id, key === undefined ? {} : { key })
    await time.idle()
    expect(fake.batches.map((batch) => batch.toSorted())).toEqual([['a1', 'b1', 'free']])
    slow.open()
    await time.idle()
    expect(fake.batches.slice(1)).toEqual([['a2'], ['a3']])
    await after(fake, outbox)
  })

  it('sends a run of a key together where the sender keeps its order', async () => {
    const { fake, outbox, send, time } = await bench(keyed)
    Object.assign(fake.batch, { keepsKeyOrder: true })
    for (const id of ['a1', 'a2', 'a3']) send(id, { key: 'a' })
    await time.idle()
    expect(fake.batches).toEqual([['a1', 'a2', 'a3']])
    await after(fake, outbox)
  })

  it('lets nothing of the key pass what must be tried again', async () => {
    const { fake, outbox, send, time } = await bench(keyed)
    let failures = 3
    fake.answer = async (batch, signal) => {
      if (!batch.some(({ id }) => id === 'a1') || (failures -= 1) < 0) return confirmAll(batch, signal)
      return batch.map(({ id }) =>
        id === 'a1' ? { as: 'unknown', error: transient } : { as: 'confirmed', evidence: id },
      )
    }
    const a1 = send('a1', { key: 'a' })
    const a2 = send('a2', { key: 'a' })
    const b1 = send('b1', { key: 'b' })
    await time.idle()
    // Other keys pass.
    expect(b1.outcome).toMatchObject({ value: {} })
    expect(a2.outcome).toBeUndefined()
    await time.advance(5_000)
    expect(a1.outcome).toMatchObject({ value: {} })
    expect(a2.outcome).toMatchObject({ value: {} })
    const order = fake.batches.flat().filter((id) => id.startsWith('a'))
    expect(order).toEqual(['a1', 'a1', 'a1', 'a1', 'a2'])
    await after(fake, outbox)
  })

  it('fails together, at its deadline, what is unknown and what is queued behind it', async () => {
    const { fake, outbox, send, time } = await bench(keyed)
    fake.answer = async (batch) => batch.map(() => ({ as: 'unknown', error: transient }))
    const a1 = send('a1', { key: 'a' }, 500)
    const a2 = send('a2', { key: 'a' }, 60_000)
    const a3 = send('a3', { key: 'a' }, 60_000)
    await time.advance(500)
    expect(a1.outcome).toMatchObject({ error: { code: 'TIMEOUT', outcome: 'unknown' } })
    // Nothing of them was ever handed over.
    for (const { outcome } of [a2, a3])
      expect(outcome).toMatchObject({ error: { code: 'TIMEOUT', outcome: 'refused' } })
    expect(new Set(fake.batches.flat())).toEqual(new Set(['a1']))
    // The key is free again.
    fake.answer = confirmAll
    const a4 = send('a4', { key: 'a' })
    await time.advance(2_000)
    expect(a4.outcome).toMatchObject({ value: {} })
    await after(fake, outbox)
  })

  it('lets what is behind go on where nothing of the one before was stored', async () => {
    const { fake, outbox, send, time } = await bench(keyed)
    fake.answer = async (batch, signal) =>
      batch[0]?.id === 'a1' ? batch.map(() => ({ as: 'refused', error: transient })) : confirmAll(batch, signal)
    const a1 = send('a1', { key: 'a' }, 500)
    const a2 = send('a2', { key: 'a' }, 60_000)
    await time.advance(500)
    expect(a1.outcome).toMatchObject({ error: { code: 'TIMEOUT', outcome: 'refused' } })
    await time.advance(1_000)
    expect(a2.outcome).toMatchObject({ value: {} })
    await after(fake, outbox)
  })
})

describe('closing an outbox', () => {
  it('takes nothing more, and waits for what is under way', async () => {
    const { fake, outbox, send, time } = await bench()
    const slow = gate()
    fake.answer = async (batch, signal) => {
      await slow.opened
      return confirmAll(batch, signal)
    }
    const sent = send('a')
    await time.idle()
    const closed = watch(outbox.close(signalNever))
    const late = send('b')
    await time.idle()
    expect(late.outcome).toMatchObject({ error: { code: 'CLOSED', outcome: 'refused' } })
    expect(closed.outcome).toBeUndefined()
    slow.open()
    await time.idle()
    expect(sent.outcome).toMatchObject({ value: {} })
    expect(closed.outcome).toEqual({ value: undefined })
    await after(fake, outbox)
  })

  it('fails the rest when its signal aborts: unknown what was handed over, refused what was not', async () => {
    const { fake, outbox, send, time } = await bench()
    fake.answer = () => new Promise(() => undefined)
    const a = send('a')
    await time.idle()
    const b = send('b')
    const end = new AbortController()
    const closed = watch(outbox.close(end.signal))
    await time.advance(1_000)
    expect(closed.outcome).toBeUndefined()
    end.abort()
    await time.advance(1_000)
    expect(closed.outcome).toEqual({ value: undefined })
    expect(a.outcome).toMatchObject({ error: { code: 'CLOSED', outcome: 'unknown' } })
    expect(b.outcome).toMatchObject({ error: { code: 'CLOSED', outcome: 'refused' } })
    await time.advance(60_000)
    expect(fake.open()).toBe(0)
  })
})
