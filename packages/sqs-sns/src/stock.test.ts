import { NO_HEADERS } from '@anybroker/driver'
import { expect, test } from 'vitest'
import { entriesOf, scripted, succeed, type Asked } from '../test/scripted.ts'
import { QueueCalls } from './queue-calls.ts'
import { Stock } from './stock.ts'
import type { Taken } from './taken.ts'

const URL = 'https://sqs.eu-west-1.amazonaws.com/123456789012/q.fifo'
const LEASE_MS = 30_000

function setUp(answer: (asked: Asked) => unknown = succeed) {
  const service = scripted(answer)
  const pending: Promise<void>[] = []
  const calls = new QueueCalls(service.session, URL, false)
  const stock = new Stock(service.session, calls, { leaseMs: LEASE_MS, ordered: true }, (work) => pending.push(work))
  const taken = (handle: string): Taken => ({
    from: {},
    handle,
    message: { id: handle, body: new Uint8Array(), headers: NO_HEADERS, sentAt: 1, key: handle.slice(0, 1) },
    attempt: 1,
    receivedAt: 0,
    leaseUntil: service.session.runtime.now() + LEASE_MS,
  })
  const take = (max: number, credit: number) => {
    const { taken: out, back } = stock.take(max, credit)
    return [out, back].map((all) => all.map(({ handle }) => handle).join(' '))
  }
  const settled = async () => void (await Promise.all(pending.splice(0)))
  return { ...service, stock, taken, take, settled }
}

test('what waits for its key keeps its lease, and is handed out when what is before it is settled', async () => {
  const { stock, taken, take, advance, asked, settled } = setUp()
  const head = taken('a1')
  const next = taken('a2')
  stock.add([head, next])
  expect(take(10, 2)).toEqual(['a1', ''])
  expect(take(10, 2)).toEqual(['', ''])
  head.leaseUntil = Infinity
  for (let round = 1; round <= 5; round++) {
    advance(LEASE_MS / 3)
    await settled()
    expect(next.leaseUntil).toBe((round * LEASE_MS) / 3 + LEASE_MS)
  }
  expect(entriesOf(asked, 'ChangeMessageVisibilityBatch').map((entry) => entry['ReceiptHandle'])).toEqual(
    Array.from({ length: 5 }, () => 'a2'),
  )
  stock.settled(head)
  expect(take(10, 2)).toEqual(['a2', ''])
  advance(LEASE_MS)
  await settled()
  expect(asked).toHaveLength(5)
})

test('when what is out has lost its lease, what is behind it goes back: it must not pass', () => {
  const { stock, taken, take, advance } = setUp()
  stock.add([taken('a1'), taken('a2'), taken('b1')])
  expect(take(1, 2)).toEqual(['a1', ''])
  advance(LEASE_MS)
  expect(take(10, 2)).toEqual(['b1', 'a2'])
  expect(stock.size).toBe(0)
})

test('what the service says is lost is dropped, what could not be renewed is kept until its lease is over', async () => {
  const answers = [
    () => ({ Failed: [{ Id: '0', Code: 'MessageNotInflight', SenderFault: true }], Successful: [] }),
    () => ({ Failed: [{ Id: '0', Code: 'InternalError', SenderFault: false }] }),
    () => ({ Failed: [{ Id: '0', Code: 'InternalError', SenderFault: false }] }),
  ]
  const { stock, taken, advance, settled } = setUp(() => answers.shift()?.() ?? {})
  stock.add([taken('a1'), taken('b1')])
  advance(LEASE_MS / 3)
  await settled()
  expect(stock.size).toBe(1)
  advance(LEASE_MS / 3)
  await settled()
  expect(stock.size).toBe(1)
  advance(LEASE_MS / 3)
  await settled()
  expect(stock.size).toBe(0)
})

test('what is cleared is renewed no more', async () => {
  const { stock, taken, take, advance, asked } = setUp()
  stock.add([taken('a1'), taken('a2')])
  take(1, 2)
  expect(stock.clearAll().map(({ handle }) => handle)).toEqual(['a1', 'a2'])
  advance(LEASE_MS)
  expect(asked).toEqual([])
})
