import { describe, expect, it } from 'vitest'
import { PushBuffer } from './push-buffer.ts'

/** Timers that run when told: this package depends on nobody, its test on nothing. */
function clock() {
  const armed = new Set<() => void>()
  return {
    timer: (_delayMs: number, run: () => void) => {
      armed.add(run)
      return () => void armed.delete(run)
    },
    ring: () => {
      for (const run of armed) run()
    },
    get armed() {
      return armed.size
    },
  }
}

/** A signal that counts who listens. */
function counted() {
  const controller = new AbortController()
  const { signal } = controller
  const listening = new Set<unknown>()
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...given: Parameters<typeof add>) => {
    listening.add(given[1])
    add(...given)
  }
  signal.removeEventListener = (...given: Parameters<typeof remove>) => {
    listening.delete(given[1])
    remove(...given)
  }
  return { controller, signal, listening }
}

const never = new AbortController().signal

describe('PushBuffer', () => {
  it('hands out in order, at most so many, without waiting', async () => {
    const buffer = new PushBuffer<number>(clock())
    buffer.push(1, 2, 3)
    expect(buffer.size).toBe(3)
    expect(await buffer.take(2, { waitMs: 100, signal: never })).toEqual([1, 2])
    expect(await buffer.take(2, { waitMs: 0, signal: never })).toEqual([3])
    expect(await buffer.take(2, { waitMs: 0, signal: never })).toEqual([])
    expect(buffer.size).toBe(0)
  })

  it('waits for the first, and leaves neither timer nor listener', async () => {
    const time = clock()
    const { signal, listening } = counted()
    const buffer = new PushBuffer<number>(time)
    const taken = buffer.take(5, { waitMs: 100, signal })
    expect(time.armed).toBe(1)
    buffer.push(1)
    buffer.push(2)
    expect(await taken).toEqual([1, 2])
    expect(time.armed).toBe(0)
    expect(listening.size).toBe(0)
  })

  it('ends the wait with nothing when its time is over', async () => {
    const time = clock()
    const { signal, listening } = counted()
    const buffer = new PushBuffer<number>(time)
    const taken = buffer.take(5, { waitMs: 100, signal })
    time.ring()
    expect(await taken).toEqual([])
    expect(time.armed + listening.size).toBe(0)
  })

  it('ends the wait with the reason of the signal, and keeps what comes late for the next call', async () => {
    const time = clock()
    const { controller, signal, listening } = counted()
    const buffer = new PushBuffer<number>(time)
    const taken = buffer.take(5, { waitMs: 100, signal })
    controller.abort('enough')
    buffer.push(1)
    await expect(taken).rejects.toBe('enough')
    expect(time.armed + listening.size).toBe(0)
    await expect(buffer.take(5, { waitMs: 0, signal })).rejects.toBe('enough')
    expect(await buffer.take(5, { waitMs: 0, signal: never })).toEqual([1])
  })

  it('takes nothing for a call that was aborted as it arrived', async () => {
    const { controller, signal } = counted()
    const buffer = new PushBuffer<number>(clock())
    const taken = buffer.take(5, { waitMs: 100, signal })
    buffer.push(1)
    controller.abort('enough')
    await expect(taken).rejects.toBe('enough')
    expect(buffer.size).toBe(1)
  })

  it('fails once it is empty, with the first failure, and from then on', async () => {
    const buffer = new PushBuffer<number>(clock())
    const waiting = buffer.take(1, { waitMs: 100, signal: never })
    buffer.fail(new Error('first'))
    buffer.fail(new Error('second'))
    await expect(waiting).rejects.toThrow('first')
    buffer.push(1)
    expect(await buffer.take(1, { waitMs: 100, signal: never })).toEqual([1])
    await expect(buffer.take(1, { waitMs: 100, signal: never })).rejects.toThrow('first')
  })

  it('gives up what is left', () => {
    const buffer = new PushBuffer<number>(clock())
    buffer.push(1, 2)
    expect(buffer.clear()).toEqual([1, 2])
    expect(buffer.size).toBe(0)
    expect(buffer.clear()).toEqual([])
  })
})
