import { expect, test } from 'vitest'
import { scripted } from '../test/scripted.ts'
import { Polls } from './polls.ts'

const URL = 'https://sqs.eu-west-1.amazonaws.com/123456789012/q'
const end = new AbortController().signal
const messages = (count: number) => ({ Messages: Array.from({ length: count }, () => ({})) })

test('its patience doubles while nothing comes, to twenty seconds, and begins anew with what comes', async () => {
  let come = 0
  const { session, asked } = scripted(() => messages(come))
  const polls = new Polls(session, URL, 30)
  const waits = async (count: number, atMostMs = 20_000) => {
    asked.length = 0
    for (let times = 0; times < count; times++) await polls.poll(polls.next(20), atMostMs, end)
    return asked.map(({ input }) => input['WaitTimeSeconds'])
  }
  expect(await waits(7)).toEqual([1, 2, 4, 8, 16, 20, 20])
  expect(await waits(1, 2_500)).toEqual([3])
  expect(await waits(1, 0)).toEqual([1])
  come = 1
  expect(await waits(2)).toEqual([20, 1])
})

test('more at once while they come back full, never more than there is room for', async () => {
  let come = 10
  const { session, asked } = scripted(() => messages(come))
  const polls = new Polls(session, URL, 30)
  const round = async (room: number) => {
    const running: Promise<unknown>[] = []
    for (let max = polls.next(room); max > 0; max = polls.next(room)) running.push(polls.poll(max, 20_000, end))
    await Promise.all(running)
    return asked.splice(0).map(({ input }) => input['MaxNumberOfMessages'])
  }
  expect(await round(1_000)).toEqual([10])
  expect(await round(1_000)).toEqual([10, 10])
  expect(await round(35)).toEqual([10, 10, 10, 5])
  expect(await round(1_000)).toHaveLength(10)
  expect(await round(7)).toEqual([7])
  come = 0
  await round(1_000)
  expect(await round(1_000)).toEqual([10])
})

test('on FIFO a poll whose answer was lost is asked again by its id, one that was refused is not', async () => {
  const failures = [
    Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
    Object.assign(new Error('slow down'), { name: 'RequestThrottled', $metadata: { httpStatusCode: 400 } }),
  ]
  const { session, asked } = scripted(() => {
    const failure = failures.shift()
    if (failure !== undefined) throw failure
    return messages(0)
  })
  const polls = new Polls(session, `${URL}.fifo`, 30)
  for (let times = 0; times < 4; times++) await Promise.allSettled([polls.poll(10, 20_000, end)])
  expect(asked.map(({ input }) => input['ReceiveRequestAttemptId'])).toEqual(['id-1', 'id-1', 'id-2', 'id-3'])
  const standard = scripted(() => messages(0))
  await new Polls(standard.session, URL, 30).poll(10, 20_000, end)
  expect(standard.asked[0]?.input).not.toHaveProperty('ReceiveRequestAttemptId')
})
