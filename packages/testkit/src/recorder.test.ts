import type { QueueRef } from '@anybroker/driver'
import { expect, it } from 'vitest'
import { plainDriver } from '../test/plain-driver.ts'
import { recordingDriver } from './recorder.ts'
import { virtualTime } from './virtual-time.ts'

it('writes down every call that reaches a driver, and does it', async () => {
  const orders: QueueRef = { kind: 'queue', name: 'orders', ordering: 'none' }
  const { signal } = new AbortController()
  const { driver, calls, count, clear } = recordingDriver(plainDriver().driver)
  expect(driver.name).toBe('plain')
  const connection = await driver.connect(virtualTime().runtime, signal)
  connection.onState(() => {})
  await connection.topology.ensure(orders, {}, signal)
  const sender = await connection.openSender(orders, signal)
  const message = { id: 'a', body: new Uint8Array(), headers: {}, sentAt: 0 }
  expect(await sender.send([message], signal)).toEqual([{ as: 'confirmed', evidence: 'a' }])
  const receiver = await connection.openReceiver(orders, { maxUnsettled: 1, leaseMs: 1 }, signal)
  const [delivery] = await receiver.receive(1, { waitMs: 0, signal })
  await receiver.settle([{ receipt: delivery?.receipt, as: 'ack' }], signal)
  expect(await connection.admin.depth?.(orders, signal)).toEqual({ ready: 0 })
  expect(calls.map((call) => `${call.on}.${call.method}`)).toEqual([
    'driver.connect',
    'topology.ensure',
    'connection.openSender',
    'sender.send',
    'connection.openReceiver',
    'receiver.receive',
    'receiver.settle',
    'admin.depth',
  ])
  expect(calls[3]?.given[0]).toEqual([message])
  expect([count('sender'), count('sender', 'close'), count()]).toEqual([1, 0, 8])
  clear()
  expect(count()).toBe(0)
})
