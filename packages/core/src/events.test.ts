import { describe, expect, it } from 'vitest'
import { Events } from './events.ts'

function bench() {
  const logged: string[] = []
  const events = new Events((_level, message) => void logged.push(message))
  return { events, logged }
}

describe('events', () => {
  it('tell each listener once, in order, until it is taken off', () => {
    const { events } = bench()
    const heard: string[] = []
    const off = events.on('blocked', ({ reason }) => void heard.push(`a ${reason}`))
    events.on('blocked', ({ reason }) => void heard.push(`b ${reason}`))
    events.on('unblocked', () => void heard.push('no'))
    events.emit('blocked', { reason: 'disk' })
    off()
    off()
    events.emit('blocked', { reason: 'memory' })
    expect(heard).toEqual(['a disk', 'b disk', 'b memory'])
  })

  it('take one function twice, and off once at a time', () => {
    const { events } = bench()
    let heard = 0
    const listener = () => void (heard += 1)
    const off = events.on('unblocked', listener)
    events.on('unblocked', listener)
    events.emit('unblocked', {})
    off()
    events.emit('unblocked', {})
    expect(heard).toBe(3)
  })

  it('refuse an event that there is not, also one of Object.prototype', () => {
    const { events } = bench()
    for (const event of ['disconnect', 'constructor', '__proto__', undefined, {}])
      expect(() => events.on(event as never, () => undefined)).toThrow(TypeError)
    expect(() => events.on('blocked', 'log' as never)).toThrow('listener must be a function')
  })

  it('keep what a listener throws, at once or by a promise, and tell it', async () => {
    const { events, logged } = bench()
    const failed: unknown[] = []
    events.on('hookFailed', ({ hook, error }) => void failed.push([hook, error]))
    events.on('blocked', () => {
      throw new Error('at once')
    })
    const later: () => unknown = () => Promise.reject(new Error('later'))
    events.on('blocked', later)
    let heard = 0
    events.on('blocked', () => void (heard += 1))
    events.emit('blocked', { reason: 'disk' })
    await new Promise((resolve) => setImmediate(resolve))
    expect(heard).toBe(1)
    expect(failed).toEqual([
      ['listener of blocked', new Error('at once')],
      ['listener of blocked', new Error('later')],
    ])
    expect(logged).toHaveLength(2)
  })

  it('do not turn in circles where the listener of failures fails', () => {
    const { events, logged } = bench()
    events.on('hookFailed', () => {
      throw new Error('again')
    })
    events.guard('onDeadLetter', () => {
      throw new Error('hook')
    })
    expect(logged).toHaveLength(2)
  })
})
