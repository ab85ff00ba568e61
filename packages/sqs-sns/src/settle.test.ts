import { Epoch, EpochReceipt, NO_HEADERS, type WireMessage } from '@anybroker/driver'
import { expect, test } from 'vitest'
import { entriesOf, scripted, succeed, type Asked } from '../test/scripted.ts'
import { QueueCalls } from './queue-calls.ts'
import { Settling } from './settle.ts'
import type { Receipt, Taken } from './taken.ts'

const signal = new AbortController().signal
const URL = 'https://sqs.eu-west-1.amazonaws.com/123456789012/q'
const HOUR_MS = 3_600_000

function setUp({ url = URL, letters = false, answer = succeed as (asked: Asked) => unknown } = {}) {
  const service = scripted(answer)
  const settled: Taken[] = []
  const calls = new QueueCalls(service.session, url, letters)
  const settling = new Settling(service.session, calls, letters, (taken) => settled.push(taken))
  const epoch = new Epoch()
  let handles = 0
  const receipt = (given: Partial<Taken> = {}, fields: Partial<WireMessage> = {}): Receipt => {
    const message: WireMessage = { id: 'm', body: Buffer.from('x'), headers: NO_HEADERS, sentAt: 1, ...fields }
    const handle = `h${(handles += 1)}`
    const from = { MessageId: 'b', Body: 'x' }
    return new EpochReceipt({ from, handle, message, attempt: 1, receivedAt: 0, leaseUntil: 30_000, ...given }, epoch)
  }
  const retry = (one: Receipt, delayMs: number, attempts = 1) =>
    ({ receipt: one, as: 'retry', delayMs, attempts, order: 'overtake' }) as const
  return { ...service, settling, settled, receipt, retry, epoch }
}

test('acks leave in batches of ten, each with its own answer', async () => {
  const failing = ({ action, input }: Asked) => {
    const answer = succeed({ action, input }) as { readonly Successful: readonly { readonly Id: string }[] }
    const lost = { Id: '1', Code: 'ReceiptHandleIsInvalid', SenderFault: true }
    const failed = { Id: '2', Code: 'InternalError', SenderFault: false }
    return { Successful: answer.Successful.filter(({ Id }) => Id !== '1' && Id !== '2'), Failed: [lost, failed] }
  }
  const { settling, settled, receipt, asked } = setUp({ answer: failing })
  const receipts = Array.from({ length: 12 }, () => receipt())
  const outcomes = await settling.settle(
    receipts.map((one) => ({ receipt: one, as: 'ack' })),
    signal,
  )
  expect(asked.map(({ action }) => action)).toEqual(['DeleteMessageBatch', 'DeleteMessageBatch'])
  expect(outcomes.map(({ as }) => as)).toEqual(
    Array.from({ length: 12 }, (_, index) => ({ 1: 'lost', 2: 'error', 11: 'lost' })[index] ?? 'ok'),
  )
  // What failed may be tried again; the rest is out of hand.
  expect(settled).toHaveLength(11)
  expect(receipts.map(({ live }) => live)).toEqual(receipts.map((_, index) => index === 2))
})

test('a receipt of a dead epoch, or one that is settled, never reaches the wire', async () => {
  const { settling, receipt, epoch, asked } = setUp()
  const one = receipt()
  await settling.settle([{ receipt: one, as: 'ack' }], signal)
  asked.length = 0
  expect(await settling.settle([{ receipt: one, as: 'ack' }], signal)).toEqual([{ as: 'lost' }])
  const other = receipt()
  epoch.end('closed')
  expect(await settling.settle([{ receipt: other, as: 'ack' }], signal)).toEqual([{ as: 'lost' }])
  expect(await settling.extend([other], 30_000, signal)).toEqual([{ as: 'lost' }])
  expect(await settling.release([{ receipt: other, attempts: 0 }], signal)).toEqual([{ as: 'lost' }])
  expect(entriesOf(asked, 'DeleteMessageBatch')).toEqual([])
})

test.each([
  [0, 0],
  [1, 1],
  [1_000, 1],
  [1_001, 2],
  [11 * HOUR_MS, 39_600],
])('a retry after %d ms is hidden for %d s', async (delayMs, VisibilityTimeout) => {
  const { settling, receipt, retry, asked } = setUp()
  await settling.settle([retry(receipt(), delayMs)], signal)
  expect(entriesOf(asked, 'ChangeMessageVisibilityBatch')).toMatchObject([{ VisibilityTimeout }])
  expect(entriesOf(asked, 'SendMessageBatch')).toEqual([])
})

test('a retry beyond twelve hours is a copy that is due then, and then the delete', async () => {
  const { settling, receipt, retry, asked } = setUp()
  await settling.settle([retry(receipt(), 13 * HOUR_MS)], signal)
  expect(asked.map(({ action }) => action)).toEqual(['SendMessageBatch', 'DeleteMessageBatch'])
  const [copy] = entriesOf(asked, 'SendMessageBatch')
  expect(copy).toMatchObject({ DelaySeconds: 900, MessageBody: 'x' })
  const fields = (copy?.['MessageAttributes'] as Record<string, { readonly StringValue: string }> | undefined)?.['ab']
    ?.StringValue
  expect(JSON.parse(fields ?? '')).toMatchObject({
    id: 'm',
    'carried-attempts': '1',
    'deliver-at': `${1_000_000_000 + 13 * HOUR_MS}`,
  })
})

test('so is one whose attempts are more than the service counted, in hand for long, or on FIFO', async () => {
  for (const [url, given, delayMs, attempts] of [
    [URL, {}, 2_000, 2],
    [URL, { receivedAt: -6 * HOUR_MS }, 7 * HOUR_MS, 1],
    [`${URL}.fifo`, {}, 0, 1],
  ] as const) {
    const { settling, receipt, retry, asked } = setUp({ url })
    await settling.settle([retry(receipt(given, { key: 'k' }), delayMs, attempts)], signal)
    expect(asked.map(({ action }) => action)).toEqual(['SendMessageBatch', 'DeleteMessageBatch'])
    const [copy] = entriesOf(asked, 'SendMessageBatch')
    if (url !== URL) expect(copy).toMatchObject({ MessageGroupId: 'k', MessageDeduplicationId: 'id-1' })
  }
})

test('a copy that failed leaves the original alone', async () => {
  const { settling, receipt, retry, asked } = setUp({
    answer: () => ({ Failed: [{ Id: '0', Code: 'InternalError', SenderFault: false }] }),
  })
  const one = receipt()
  expect(await settling.settle([retry(one, 2_000, 2)], signal)).toMatchObject([{ as: 'error' }])
  expect(asked.map(({ action }) => action)).toEqual(['SendMessageBatch'])
  expect(one.live).toBe(true)
})

test('a letter that goes to the tail really does', async () => {
  const { settling, receipt, retry, asked } = setUp({ letters: true })
  await settling.settle([retry(receipt(), 0, 0)], signal)
  expect(asked.map(({ action }) => action)).toEqual(['SendMessageBatch', 'DeleteMessageBatch'])
})

test('given back: at once, by a copy where attempts are to be remembered, on FIFO in order and never by a copy', async () => {
  const standard = setUp()
  await standard.settling.release(
    [
      { receipt: standard.receipt(), attempts: 0 },
      { receipt: standard.receipt(), attempts: 3 },
    ],
    signal,
  )
  expect(entriesOf(standard.asked, 'ChangeMessageVisibilityBatch')).toMatchObject([
    { ReceiptHandle: 'h1', VisibilityTimeout: 0 },
  ])
  expect(entriesOf(standard.asked, 'SendMessageBatch')).toHaveLength(1)

  const fifo = setUp({ url: `${URL}.fifo` })
  const back = Array.from({ length: 12 }, () => ({ receipt: fifo.receipt(), attempts: 3 }))
  await fifo.settling.release(back, signal)
  expect(entriesOf(fifo.asked, 'ChangeMessageVisibilityBatch').map((entry) => entry['ReceiptHandle'])).toEqual(
    back.map((_, index) => `h${index + 1}`),
  )
  expect(entriesOf(fifo.asked, 'SendMessageBatch')).toEqual([])
})

test('a lease is renewed in whole seconds, up to twelve hours from the receipt, and not beyond', async () => {
  const { settling, receipt, asked, advance } = setUp()
  const one = receipt()
  expect(await settling.extend([one], 1_500, signal)).toEqual([{ as: 'ok', leaseUntil: 2_000 }])
  advance(12 * HOUR_MS - 10_500)
  expect(await settling.extend([one], 30_000, signal)).toMatchObject([{ as: 'ok' }])
  expect(entriesOf(asked, 'ChangeMessageVisibilityBatch').map((entry) => entry['VisibilityTimeout'])).toEqual([2, 10])
  advance(10_500)
  expect(await settling.extend([one], 30_000, signal)).toEqual([{ as: 'lost' }])
})

test('a request that fails as a whole fails for each', async () => {
  const refused = new Error('connect ECONNREFUSED')
  const { settling, receipt } = setUp({
    answer: () => {
      throw refused
    },
  })
  const outcomes = await settling.settle(
    [
      { receipt: receipt(), as: 'ack' },
      { receipt: receipt(), as: 'ack' },
    ],
    signal,
  )
  expect(outcomes).toEqual([
    { as: 'error', error: refused },
    { as: 'error', error: refused },
  ])
})
