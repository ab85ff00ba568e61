import { virtualTime } from '@anybroker/testkit'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { gate, watch } from '../../test/rig.ts'
import { Alarm } from './alarm.ts'
import { fullJitter } from './backoff.ts'
import { DeadlinePassed, whileNotAborted, withDeadline } from './deadline.ts'
import { systemRuntime } from './system-runtime.ts'

describe('fullJitter', () => {
  it('is uniform up to a bound that doubles from 100 ms to 5 s', () => {
    const bound = (attempt: number) => fullJitter({ random: () => 1 - Number.EPSILON }, attempt)
    expect([1, 2, 3, 4, 5, 6, 7, 8, 50, 5_000].map(bound)).toEqual([
      100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000, 5_000,
    ])
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, random) => {
          const delay = fullJitter({ random: () => random }, attempt)
          expect(Number.isInteger(delay)).toBe(true)
          expect(delay).toBeGreaterThanOrEqual(0)
          expect(Math.abs(delay - random * bound(attempt))).toBeLessThanOrEqual(1)
        },
      ),
    )
  })
})

describe('withDeadline', () => {
  it('brings what the work brings, and leaves neither timer nor listener', async () => {
    const time = virtualTime()
    const { signal } = new AbortController()
    const removed = vi.spyOn(signal, 'removeEventListener')
    expect(await withDeadline(time.runtime, 100, signal, async () => 5)).toBe(5)
    await expect(withDeadline(time.runtime, 100, signal, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    const thrower = () => {
      throw new Error('at once')
    }
    await expect(withDeadline(time.runtime, 100, signal, thrower)).rejects.toThrow('at once')
    expect(time.pending()).toBe(0)
    expect(removed).toHaveBeenCalledTimes(3)
  })

  it('ends at its deadline, tells the work, and gives what comes late to somebody', async () => {
    const time = virtualTime()
    const slow = gate()
    const late: number[] = []
    let told: AbortSignal | undefined
    const ended = watch(
      withDeadline(
        time.runtime,
        100,
        undefined,
        async (signal) => {
          told = signal
          await slow.opened
          return 5
        },
        (value) => late.push(value),
      ),
    )
    await time.advance(99)
    expect(ended.outcome).toBeUndefined()
    expect(told?.aborted).toBe(false)
    await time.advance(1)
    expect(ended.outcome).toMatchObject({ error: expect.any(DeadlinePassed) as unknown })
    expect(told?.aborted).toBe(true)
    slow.open()
    await time.idle()
    expect(late).toEqual([5])
  })

  it('ends with the reason of the signal, before it begins or while it runs', async () => {
    const time = virtualTime()
    const controller = new AbortController()
    const running = watch(withDeadline(time.runtime, 100, controller.signal, () => new Promise(() => undefined)))
    controller.abort('enough')
    await time.idle()
    expect(running.outcome).toEqual({ error: 'enough' })
    const work = vi.fn()
    await expect(withDeadline(time.runtime, 100, controller.signal, work)).rejects.toBe('enough')
    expect(work).not.toHaveBeenCalled()
    expect(time.pending()).toBe(0)
  })
})

describe('whileNotAborted', () => {
  it('waits as long as the signal lets it, and leaves no listener', async () => {
    const { signal } = new AbortController()
    const removed = vi.spyOn(signal, 'removeEventListener')
    expect(await whileNotAborted(Promise.resolve(5), signal)).toBe(5)
    await expect(whileNotAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
    await new Promise((resolve) => setImmediate(resolve))
    expect(removed).toHaveBeenCalledTimes(2)
    const controller = new AbortController()
    const waiting = whileNotAborted(new Promise(() => undefined), controller.signal)
    controller.abort('enough')
    await expect(waiting).rejects.toBe('enough')
    await expect(whileNotAborted(Promise.reject(new Error('unheard')), controller.signal)).rejects.toBe('enough')
  })
})

describe('an alarm', () => {
  it('rings once, at the earliest of what it was set for', async () => {
    const time = virtualTime()
    const rung: number[] = []
    const start = time.now()
    const alarm = new Alarm(time.runtime, () => rung.push(time.now() - start))
    alarm.setFor(start + 50)
    alarm.setFor(start + 20)
    alarm.setFor(start + 70)
    expect(time.pending()).toBe(1)
    await time.advance(100)
    expect(rung).toEqual([20])
    alarm.setFor(start + 110)
    alarm.setFor(start + 10)
    await time.advance(100)
    // What is over already rings at once.
    expect(rung).toEqual([20, 100])
    alarm.setFor(start + 500)
    alarm.stop()
    alarm.stop()
    await time.advance(1_000)
    expect(rung).toEqual([20, 100])
    alarm.setFor(start + 1_300)
    await time.advance(1_000)
    expect(rung).toEqual([20, 100, 1_300])
  })
})

describe('the runtime of the system', () => {
  const runtime = systemRuntime(() => undefined)

  it('makes UUIDv7 that are unique and sort by time', () => {
    const before = Date.now()
    const ids = Array.from({ length: 5_000 }, () => runtime.id())
    const after = Date.now()
    expect(new Set(ids).size).toBe(5_000)
    const odd = ids.filter((id) => !/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))
    expect(odd).toEqual([])
    const times = ids.map((id) => Number.parseInt(id.replace('-', '').slice(0, 12), 16))
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times[0]).toBeGreaterThanOrEqual(before)
    expect(times.at(-1)).toBeLessThanOrEqual(after)
  })

  it('draws every bit of an id by chance but those that are fixed', () => {
    const seen = Array.from({ length: 36 }, () => new Set<string>())
    for (let draw = 0; draw < 2_000; draw += 1)
      Array.from(runtime.id()).forEach((digit, index) => void seen[index]?.add(digit))
    const chance = [15, 16, 17, 20, 21, 22, ...Array.from({ length: 12 }, (_, index) => 24 + index)]
    expect(chance.map((index) => seen[index]?.size)).toEqual(chance.map(() => 16))
    expect(seen[14]).toEqual(new Set(['7']))
    expect(seen[19]?.size).toBe(4)
  })

  it('tells monotonic and wall time, and cancels', async () => {
    const now = runtime.now()
    expect(Math.abs(runtime.wallNow() - Date.now())).toBeLessThan(1_000)
    const run = vi.fn()
    const cancel = runtime.timer(0, run)
    cancel()
    cancel()
    await runtime.sleep(0)
    await new Promise<void>((resolve) => void runtime.timer(-5, resolve))
    expect(run).not.toHaveBeenCalled()
    expect(runtime.now()).toBeGreaterThanOrEqual(now)
  })

  it('ends a sleep with the reason of its signal, and leaves no listener', async () => {
    const controller = new AbortController()
    const removed = vi.spyOn(controller.signal, 'removeEventListener')
    await runtime.sleep(0, controller.signal)
    expect(removed).toHaveBeenCalledTimes(1)
    const sleeping = runtime.sleep(3_600_000, controller.signal)
    controller.abort('enough')
    await expect(sleeping).rejects.toBe('enough')
    await expect(runtime.sleep(0, controller.signal)).rejects.toBe('enough')
  })

  it('waits no less where a timer is too long for the platform', async () => {
    const run = vi.fn()
    const cancel = runtime.timer(2 ** 40, run)
    await runtime.sleep(0)
    await new Promise((resolve) => setImmediate(resolve))
    cancel()
    // Beyond 2^31 - 1 the platform would ring at once.
    expect(run).not.toHaveBeenCalled()
  })
})
