import { describe, expect, it } from 'vitest'
import { wire } from '../../test/fake-link.ts'
import type { Attached } from './attached.ts'
import { Entry } from './entry.ts'
import { Lanes } from './lanes.ts'

const attached = { dead: false } as unknown as Attached
const entry = (id: string, key?: string) =>
  new Entry(
    {
      receipt: id,
      message: wire(id, key === undefined ? {} : { key }),
      attempt: 1,
      redelivered: false,
      native: undefined,
    },
    attached,
    true,
  )
const next = (lanes: Lanes) => lanes.next()?.wire.message.id

describe('lanes', () => {
  it('let keyless messages pass, and one of each key', () => {
    const lanes = new Lanes()
    const [a1, a2] = [entry('a1', 'a'), entry('a2', 'a')]
    for (const one of [a1, a2, entry('x'), entry('b1', 'b'), entry('y')]) lanes.add(one)
    expect([next(lanes), next(lanes), next(lanes), next(lanes), next(lanes)]).toEqual(['a1', 'x', 'b1', 'y', undefined])
    lanes.free(a1)
    expect([next(lanes), next(lanes)]).toEqual(['a2', undefined])
  })

  it('keep a lane shut while its message is held, and hand it out again before the others', () => {
    const lanes = new Lanes()
    const [a1, a2] = [entry('a1', 'a'), entry('a2', 'a')]
    lanes.add(a1)
    lanes.add(a2)
    expect([next(lanes), next(lanes)]).toEqual(['a1', undefined])
    lanes.again(a1)
    expect([next(lanes), next(lanes)]).toEqual(['a1', undefined])
    lanes.free(a1)
    expect(next(lanes)).toBe('a2')
  })

  it('pass over what is gone', () => {
    const lanes = new Lanes()
    const [a1, a2, x] = [entry('a1', 'a'), entry('a2', 'a'), entry('x')]
    for (const one of [a1, a2, x]) lanes.add(one)
    a1.state = 'gone'
    x.state = 'gone'
    expect([next(lanes), next(lanes)]).toEqual(['a2', undefined])
  })

  it('take out what waits behind a message, in order, and nothing of other keys', () => {
    const lanes = new Lanes()
    const [a1, a2, a3, b1] = [entry('a1', 'a'), entry('a2', 'a'), entry('a3', 'a'), entry('b1', 'b')]
    for (const one of [a1, a2, a3, b1]) lanes.add(one)
    expect(next(lanes)).toBe('a1')
    expect(lanes.behind('a')).toEqual([a2, a3])
    expect(lanes.behind('a')).toEqual([])
    expect(lanes.behind('never')).toEqual([])
    lanes.free(a1)
    expect([next(lanes), next(lanes)]).toEqual(['b1', undefined])
  })

  it('free nothing that is free', () => {
    const lanes = new Lanes()
    const [a1, a2] = [entry('a1', 'a'), entry('a2', 'a')]
    lanes.add(a1)
    lanes.free(a1)
    lanes.add(a2)
    expect([next(lanes), next(lanes)]).toEqual(['a1', undefined])
  })
})
