import { describe, expect, it, vi } from 'vitest'
import { virtualTime } from './virtual-time.ts'

describe('virtualTime', () => {
  it('runs what falls due in order of time, then of arming', async () => {
    const time = virtualTime()
    const seen: string[] = []
    time.runtime.timer(20, () => seen.push(`c@${time.now() - 1_000_000}`))
    time.runtime.timer(10, () => seen.push(`a@${time.now() - 1_000_000}`))
    time.runtime.timer(10, () => seen.push(`b@${time.now() - 1_000_000}`))
    time.runtime.timer(21, () => seen.push('late'))
    await time.advance(20)
    expect(seen).toEqual(['a@10', 'b@10', 'c@20'])
    expect(time.now()).toBe(1_000_020)
    expect(time.pending()).toBe(1)
  })

  it('lets promises, microtasks and setImmediate settle between timers', async () => {
    const time = virtualTime()
    const seen: string[] = []
    void (async () => {
      await time.runtime.sleep(10)
      for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      await new Promise<void>((resolve) => queueMicrotask(resolve))
      seen.push('slow')
      await time.runtime.sleep(0)
      seen.push('slower')
    })()
    time.runtime.timer(11, () => seen.push('next'))
    await time.advance(11)
    expect(seen).toEqual(['slow', 'slower', 'next'])
  })

  it('runs a timer that another one armed, if it falls due on the way', async () => {
    const time = virtualTime()
    const at: number[] = []
    const tick = () => {
      at.push(time.now())
      if (at.length < 5) time.runtime.timer(1000, tick)
    }
    time.runtime.timer(1000, tick)
    await time.advance(3500)
    expect(at).toEqual([1_001_000, 1_002_000, 1_003_000])
  })

  it('cancels a timer, twice and late without effect', async () => {
    const time = virtualTime()
    const run = vi.fn()
    const cancel = time.runtime.timer(10, run)
    cancel()
    cancel()
    const second = time.runtime.timer(10, run)
    await time.advance(10)
    second()
    expect(run).toHaveBeenCalledTimes(1)
    expect(time.pending()).toBe(0)
  })

  it('sleeps until aborted, with the reason, and leaves nothing behind', async () => {
    const time = virtualTime()
    const abort = new AbortController()
    const removed = vi.spyOn(abort.signal, 'removeEventListener')
    const short = time.runtime.sleep(5, abort.signal)
    const long = time.runtime.sleep(50, abort.signal)
    const reason = long.catch((error: unknown) => error)
    await time.advance(5)
    await short
    expect(removed).toHaveBeenCalledTimes(1)
    abort.abort('enough')
    expect(await reason).toBe('enough')
    expect(time.pending()).toBe(0)
    await expect(time.runtime.sleep(5, abort.signal)).rejects.toBe('enough')
  })

  it('draws the same chance and ids for the same seed', async () => {
    const draw = () => {
      const { runtime } = virtualTime({ seed: 42 })
      return Array.from({ length: 20 }, () => `${runtime.random()} ${runtime.id()}`)
    }
    expect(draw()).toEqual(draw())
    expect(virtualTime({ seed: 1 }).runtime.random()).not.toBe(virtualTime({ seed: 2 }).runtime.random())
  })

  it('makes unique UUIDv7 ids that sort by time', async () => {
    const time = virtualTime()
    const ids: string[] = []
    for (let turn = 0; turn < 100; turn += 1) {
      ids.push(time.runtime.id(), time.runtime.id())
      await time.advance(1)
    }
    expect(new Set(ids).size).toBe(200)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    const times = ids.map((id) => id.slice(0, 13))
    expect(times).toEqual(times.toSorted())
  })

  it('moves the wall clock with the timers, and leaps it alone', async () => {
    const time = virtualTime({ startAt: new Date('2030-05-05T00:00:00Z') })
    await time.advance(1500)
    expect(new Date(time.runtime.wallNow()).toISOString()).toBe('2030-05-05T00:00:01.500Z')
    time.leapWall(-60_000)
    expect(new Date(time.runtime.wallNow()).toISOString()).toBe('2030-05-04T23:59:01.500Z')
    expect(time.now()).toBe(1_001_500)
  })

  it('moves until a promise settles, and says when it never will', async () => {
    const time = virtualTime()
    expect(await time.until(time.runtime.sleep(90_000).then(() => 'done'))).toBe('done')
    expect(time.now()).toBe(1_090_000)
    await expect(time.until(Promise.reject(new Error('no')))).rejects.toThrow('no')
    await expect(time.until(new Promise(() => {}))).rejects.toThrow('still pending and no timer is armed')
    time.runtime.timer(1_000_000, () => {})
    await expect(time.until(new Promise(() => {}), 1000)).rejects.toThrow('still pending after 1000 ms')
  })

  it('rejects with what a timer threw, and goes on after', async () => {
    const time = virtualTime()
    time.runtime.timer(1, () => {
      throw new Error('boom')
    })
    await expect(time.advance(10)).rejects.toThrow('boom')
    await time.advance(10)
    expect(time.pending()).toBe(0)
  })

  it('collects the log and refuses nonsense', async () => {
    const time = virtualTime()
    time.runtime.log('warn', 'odd', { count: 1 })
    expect(time.logged).toEqual([{ at: 1_000_000, level: 'warn', message: 'odd', facts: { count: 1 } }])
    expect(() => time.runtime.timer(Number.NaN, () => {})).toThrow(TypeError)
    expect(() => virtualTime({ seed: 1.5 })).toThrow('seed')
    await expect(time.advance(-1)).rejects.toThrow(TypeError)
    const one = time.advance(1)
    await expect(time.advance(1)).rejects.toThrow('one at a time')
    await one
  })
})
