import type { Connection, QueueRef, Receiver, Sender, WireMessage } from '@anybroker/driver'
import { describe, expect, it } from 'vitest'
import { plainDriver } from '../../test/plain-driver.ts'
import { virtualTime } from '../virtual-time.ts'
import type { FaultPlan } from './faults.ts'
import { faultyDriver } from './faulty-driver.ts'
import { InjectedFault } from './injected-fault.ts'

const orders: QueueRef = { kind: 'queue', name: 'orders', ordering: 'none' }
const idle = new AbortController().signal

async function bench(plan?: FaultPlan) {
  const time = virtualTime()
  const plain = plainDriver()
  const { driver, faults } = faultyDriver(plain.driver, plan)
  const connection = await driver.connect(time.runtime, idle)
  const sender = await connection.openSender(orders, idle)
  const receiver = await connection.openReceiver(orders, { maxUnsettled: 10, leaseMs: 30_000 }, idle)
  const ids = () => plain.waiting.get('orders')?.map((waits) => waits.message.id)
  return { time, plain, driver, faults, connection, sender, receiver, ids }
}

const message = (id: string, key?: string): WireMessage => ({
  id,
  body: new Uint8Array(),
  headers: {},
  sentAt: 0,
  ...(key === undefined ? {} : { key }),
})
const send = async (sender: Sender, ...batch: WireMessage[]) =>
  (await sender.send(batch, idle)).map((outcome) => outcome.as)
const receive = (receiver: Receiver) => receiver.receive(10, { waitMs: 0, signal: idle })
const ack = async (receiver: Receiver, receipt: unknown, signal = idle) =>
  (await receiver.settle([{ receipt, as: 'ack' }], signal))[0]?.as

describe('a faulty sender', () => {
  it('stores, and says that it does not know', async () => {
    const { sender, faults, ids } = await bench()
    faults.next('send', 'after')
    expect(await send(sender, message('a'), message('b'))).toEqual(['unknown', 'confirmed'])
    expect(ids()).toEqual(['a', 'b'])
    expect(faults.happened).toEqual([{ at: 1_000_000, fault: 'send.after', target: 'queue orders', id: 'a' }])
    expect(faults.waiting).toBe(0)
  })

  it('does not store, and says so or does not know', async () => {
    const { sender, faults, ids } = await bench()
    faults.next('send', 'before')
    faults.next('send', 'refused')
    expect(await send(sender, message('a'), message('b'), message('c'))).toEqual(['unknown', 'refused', 'confirmed'])
    expect(ids()).toEqual(['c'])
  })

  it('stores nothing behind a key that failed', async () => {
    const { sender, faults, ids } = await bench()
    faults.next('send', 'after')
    const batch = [message('a', 'k'), message('b', 'k'), message('c', 'other')]
    expect(await send(sender, ...batch)).toEqual(['unknown', 'unknown', 'confirmed'])
    expect(ids()).toEqual(['a', 'c'])
  })

  it('is dead after it threw', async () => {
    const { sender, faults, driver } = await bench()
    faults.next('send', 'throw')
    const error = await sender.send([message('a')], idle).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(InjectedFault)
    expect(driver.describeError(error)).toEqual({ code: 'UNAVAILABLE', retryable: true, scope: 'receiver' })
    await expect(sender.send([message('b')], idle)).rejects.toBe(error)
  })

  it('never answers until aborted, and leaves no listener', async () => {
    const { sender, faults, ids } = await bench()
    for (const kind of ['hang', 'hangAfter'] as const) {
      const abort = new AbortController()
      faults.next('send', kind)
      const pending = sender.send([message(kind)], abort.signal)
      abort.abort('enough')
      await expect(pending).rejects.toBe('enough')
    }
    expect(ids()).toEqual(['hangAfter'])
  })

  it('takes its time', async () => {
    const { sender, faults, time } = await bench({ delayMs: 500 })
    faults.next('send', 'delay')
    expect(await time.until(send(sender, message('a')))).toEqual(['confirmed'])
    expect(time.now()).toBeGreaterThan(1_000_000)
    expect(time.now()).toBeLessThanOrEqual(1_000_500)
  })

  it('waits while the broker is blocked', async () => {
    const { sender, faults, connection, time } = await bench()
    const states: string[] = []
    connection.onState((state) => states.push(state.as))
    faults.block('alarm')
    let outcomes: string[] = []
    const sent = send(sender, message('a')).then((told) => (outcomes = told))
    await time.idle()
    expect(outcomes).toEqual([])
    faults.unblock()
    await sent
    expect(outcomes).toEqual(['confirmed'])
    expect(states).toEqual(['blocked', 'unblocked'])
  })
})

describe('a faulty receiver', () => {
  it('acks, and says that it failed; or does not ack', async () => {
    const { sender, receiver, faults, plain } = await bench()
    await send(sender, message('a'), message('b'))
    const [a, b] = await receive(receiver)
    faults.next('settle', 'after')
    expect(await ack(receiver, a?.receipt)).toBe('error')
    expect(await ack(receiver, a?.receipt)).toBe('lost')
    faults.next('settle', 'before')
    expect(await ack(receiver, b?.receipt)).toBe('error')
    expect(await ack(receiver, b?.receipt)).toBe('ok')
    expect(plain.waiting.get('orders')).toEqual([])
  })

  it('takes nothing any more when it broke while it waited', async () => {
    const { time, sender, receiver, faults, ids } = await bench()
    await send(sender, message('a'))
    faults.next('receive', 'delay')
    const late = receive(receiver).catch((error: unknown) => error)
    await time.idle()
    faults.disconnect()
    await time.advance(5_000)
    expect(await late).toBeInstanceOf(InjectedFault)
    expect(ids()).toEqual(['a'])
  })

  it('takes a delivery back, and says so at the ack', async () => {
    const { sender, receiver, faults } = await bench()
    await send(sender, message('a'))
    const [first] = await receive(receiver)
    faults.next('settle', 'lost')
    expect(await ack(receiver, first?.receipt)).toBe('lost')
    expect((await receive(receiver)).map((again) => [again.message.id, again.attempt])).toEqual([['a', 2]])
  })

  it('hands one out twice, and only the second can be settled', async () => {
    const { sender, receiver, faults } = await bench()
    await send(sender, message('a'))
    faults.next('receive', 'duplicate')
    const [first] = await receive(receiver)
    const [second] = await receive(receiver)
    expect([first?.message.id, second?.message.id]).toEqual(['a', 'a'])
    expect(await ack(receiver, first?.receipt)).toBe('lost')
    expect(await ack(receiver, second?.receipt)).toBe('ok')
  })

  it('revokes what is in hand, when something is', async () => {
    const { sender, receiver, faults } = await bench()
    const lost: unknown[] = []
    receiver.onLost((receipts) => lost.push(receipts))
    await send(sender, message('a'))
    faults.next('receive', 'revoke')
    const [first] = await receive(receiver)
    expect(lost).toEqual([])
    expect((await receive(receiver)).map((again) => again.message.id)).toEqual(['a'])
    expect(lost).toEqual(['all'])
    expect(await ack(receiver, first?.receipt)).toBe('lost')
  })

  it('dies, and gives back what it held when it is closed', async () => {
    const { sender, receiver, faults, ids } = await bench()
    await send(sender, message('a'))
    const [first] = await receive(receiver)
    faults.next('receive', 'throw')
    await expect(receive(receiver)).rejects.toThrow('injected: receive.throw on queue orders')
    await expect(receive(receiver)).rejects.toThrow('injected')
    expect(await ack(receiver, first?.receipt)).toBe('lost')
    await receiver.close(idle)
    expect(ids()).toEqual(['a'])
  })

  it('fails to extend, or tells that it lost', async () => {
    const { sender, receiver, faults } = await bench()
    await send(sender, message('a'))
    const [first] = await receive(receiver)
    const extend = async () => (await receiver.extend?.([first?.receipt], 1000, idle))?.[0]?.as
    expect(await extend()).toBe('ok')
    faults.next('extend', 'fail')
    expect(await extend()).toBe('error')
    faults.next('extend', 'lost')
    expect(await extend()).toBe('lost')
    expect((await receive(receiver)).length).toBe(1)
  })
})

describe('a faulty connection', () => {
  it('fails to open, or never does', async () => {
    const { driver, faults, time } = await bench()
    faults.next('connect', 'fail', { facts: { code: 'UNAUTHORIZED', retryable: false } })
    const error = await driver.connect(time.runtime, idle).catch((reason: unknown) => reason)
    expect(driver.describeError(error)).toEqual({ code: 'UNAUTHORIZED', retryable: false, scope: 'connection' })
    faults.next('connect', 'hang')
    await expect(driver.connect(time.runtime, AbortSignal.abort('late'))).rejects.toBe('late')
  })

  it('dies at any moment: calls under way are told, nothing works after, and the broker gets back what was in hand', async () => {
    const { sender, receiver, connection, faults, plain, time, ids } = await bench()
    const states: string[] = []
    connection.onState((state) => states.push(state.as))
    await send(sender, message('a'))
    await receive(receiver)
    faults.next('send', 'hang')
    const pending = send(sender, message('b'))
    await time.idle()
    faults.disconnect('cable')
    faults.disconnect('again')
    expect(await pending).toEqual(['unknown'])
    await time.idle()
    expect(states).toEqual(['disconnected'])
    await expect(send(sender, message('c'))).rejects.toThrow('cable')
    await expect(receive(receiver)).rejects.toThrow('cable')
    await expect(connection.topology.delete(orders, idle)).rejects.toThrow('cable')
    await expect(connection.openSender(orders, idle)).rejects.toThrow('cable')
    await connection.close(idle)
    expect(ids()).toEqual(['a'])
    expect(plain.open.size).toBe(0)
    expect(faults.happened.map((fault) => fault.fault)).toEqual(['send.hang', 'disconnect'])
  })

  it('dies just after the effect', async () => {
    const { sender, faults, ids } = await bench()
    faults.next('send', 'dieAfter')
    expect(await send(sender, message('a'))).toEqual(['unknown'])
    expect(ids()).toEqual(['a'])
    await expect(send(sender, message('b'))).rejects.toThrow('send.dieAfter')
  })

  it('fails in administration before or after the effect', async () => {
    const { connection, faults } = await bench()
    faults.next('topology', 'after')
    await expect(connection.topology.delete(orders, idle)).rejects.toThrow('injected: topology.after')
    expect(await connection.topology.delete(orders, idle)).toBe(true)
    expect(await connection.admin.depth?.(orders, idle)).toEqual({ ready: 0 })
    expect(connection.admin.purge).toBeUndefined()
  })

  it('fails to close, and is closed', async () => {
    const { connection, faults, plain } = await bench()
    const before = plain.open.size
    faults.next('close', 'fail', { only: (target) => target === undefined })
    await expect(connection.close(idle)).rejects.toThrow('injected: close.fail')
    expect(before - plain.open.size).toBe(1)
  })
})

describe('a plan', () => {
  async function run(connection: Connection, sender: Sender) {
    for (let id = 0; id < 200; id += 1) await send(sender, message(String(id)))
    await connection.close(idle)
  }

  it('is the same for the same seed, and is spared what it spares', async () => {
    const happened = async (seed: number) => {
      const { connection, sender, faults } = await bench({ seed, rates: { 'send.after': 0.1, 'send.before': 0.1 } })
      await run(connection, sender)
      return faults.happened
    }
    const one = await happened(1)
    expect(one.length).toBeGreaterThan(20)
    expect(one.length).toBeLessThan(60)
    expect(await happened(1)).toEqual(one)
    expect(await happened(2)).not.toEqual(one)
    const { connection, sender, faults } = await bench({ rates: { 'send.after': 1 }, only: () => false })
    await run(connection, sender)
    expect(faults.happened).toEqual([])
  })

  it('ends when calm', async () => {
    const { sender, faults } = await bench({ rates: { 'send.before': 1 } })
    expect(await send(sender, message('a'))).toEqual(['unknown'])
    faults.calm()
    expect(await send(sender, message('a'))).toEqual(['confirmed'])
  })

  it('names no fault that there is not', () => {
    // @ts-expect-error -- no such fault
    expect(() => faultyDriver(plainDriver().driver, { rates: { 'send.never': 1 } })).toThrow(TypeError)
    expect(() => faultyDriver(plainDriver().driver, { rates: { 'send.after': 2 } })).toThrow('0 to 1')
  })
})
