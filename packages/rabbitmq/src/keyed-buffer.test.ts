import { setTimeout as later } from 'node:timers'
import { expect, test } from 'vitest'
import { KeyedBuffer } from './keyed-buffer.ts'

const runtime = {
  timer: (ms: number, run: () => void) => {
    const timer = later(run, ms)
    return () => clearTimeout(timer)
  },
}
const signal = new AbortController().signal
const item = (key: string, n: number) => ({ key, n })

test('a key that is out leaves room for others, and keeps its order', async () => {
  const buffer = new KeyedBuffer<{ key: string; n: number }>(runtime)
  for (const n of [1, 2, 3, 4]) buffer.push(item('a', n))
  buffer.push(item('b', 1))
  const first = await buffer.take(10, 4, { waitMs: 0, signal })
  expect(first).toEqual([item('a', 1), item('a', 2), item('b', 1)])
  expect(await buffer.take(10, 4, { waitMs: 0, signal })).toEqual([])
  for (const one of first) buffer.settled(one)
  expect(await buffer.take(1, 4, { waitMs: 0, signal })).toEqual([item('a', 3)])
})

test('a settle wakes who waits for the next of its key', async () => {
  const buffer = new KeyedBuffer<{ key: string; n: number }>(runtime)
  buffer.push(item('a', 1))
  buffer.push(item('a', 2))
  const [first] = await buffer.take(1, 2, { waitMs: 0, signal })
  const waiting = buffer.take(1, 2, { waitMs: 5_000, signal })
  buffer.settled(first ?? item('a', 1))
  expect(await waiting).toEqual([item('a', 2)])
})

test('an abort takes nothing, a failure is thrown', async () => {
  const buffer = new KeyedBuffer<{ key: string; n: number }>(runtime)
  const abort = new AbortController()
  const waiting = buffer.take(1, 2, { waitMs: 5_000, signal: abort.signal })
  abort.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  buffer.push(item('a', 1))
  expect(buffer.clear()).toEqual([item('a', 1)])
  buffer.fail(new Error('dead'))
  await expect(buffer.take(1, 2, { waitMs: 10, signal })).rejects.toThrow('dead')
})
