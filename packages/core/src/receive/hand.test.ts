import type { WireDelivery } from '@anybroker/driver'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wire } from '../../test/fake-link.ts'
import type { Attached } from './attached.ts'
import { Entry } from './entry.ts'
import { Hand } from './hand.ts'

const attached = () => ({ dead: false }) as unknown as Attached
let made = 0
function entry(on: Attached, key?: string, size = 0): Entry {
  const id = `m${(made += 1)}`
  const message = wire(id, { body: new Uint8Array(size), ...(key === undefined ? {} : { key }) })
  const delivery: WireDelivery = { receipt: id, message, attempt: 1, redelivered: false, native: undefined }
  return new Entry(delivery, on, true)
}
const flushed = () => true

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant('add' as const),
      key: fc.constantFrom(undefined, 'a', 'b'),
      size: fc.nat(50),
      suspect: fc.nat(9).map((drawn) => drawn === 0),
    }),
  },
  { weight: 6, arbitrary: fc.record({ op: fc.constant('take' as const) }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('settle' as const), which: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('hold' as const), which: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('due' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('keep' as const), which: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('leave' as const), which: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('lose' as const), which: fc.nat(9) }) },
)

describe('a hand', () => {
  it('runs one of a key at a time, in order of arrival, suspects alone, and starves nobody', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }), (steps) => {
        const on = attached()
        const hand = new Hand(1_000, () => undefined)
        const suspects = new Set<Entry>()
        const all: Entry[] = []
        const isSuspect = (one: Entry) => suspects.has(one)
        const of = (state: Entry['state']) => all.filter((one) => one.state === state)
        const pick = (state: Entry['state'], which: number) => {
          const some = of(state)
          return some[which % Math.max(1, some.length)]
        }
        /** In hand and not yet over with its key: running, held, kept before its lane was freed, leaving likewise. */
        const holds = (key: string) => all.filter((one) => one.key === key && one.holdsLane && one.state !== 'waiting')

        const isBefore = (two: Entry, one: Entry) => two.key === one.key && two.state === 'waiting'

        const take = (): Entry | undefined => {
          const running = of('running')
          const waiting = of('waiting')
          // As the intake does: here nothing is fetched elsewhere.
          hand.gathered = hand.suspected > 0
          const taken = hand.take(flushed)
          /** Behind another of its key that is not over yet, or that waits to run alone. */
          const stuck = (one: Entry) =>
            one.key !== undefined &&
            (holds(one.key).length > 0 || all.slice(0, all.indexOf(one)).some((two) => isBefore(two, one)))
          if (taken === undefined) {
            const alone = running.some(isSuspect)
            const left = waiting.filter((one) => !stuck(one))
            // Nothing may run: a suspect runs alone, or suspects wait for that, or every waiting one waits for its key.
            expect(alone || left.length === 0 || (running.length > 0 && left.every(isSuspect))).toBe(true)
            return undefined
          }
          expect(waiting).toContain(taken)
          expect(running.some(isSuspect)).toBe(false)
          if (isSuspect(taken)) {
            expect(running).toEqual([])
            expect(waiting.filter((one) => !isSuspect(one) && !stuck(one))).toEqual([])
          }
          if (taken.key !== undefined) {
            expect(holds(taken.key)).toEqual([taken])
            const before = all.slice(0, all.indexOf(taken)).filter((one) => one.key === taken.key)
            expect(before.filter((one) => one.state === 'waiting')).toEqual([])
          }
          return taken
        }

        for (const one of steps) {
          switch (one.op) {
            case 'add': {
              const fresh = entry(on, one.key, one.size)
              if (one.suspect) suspects.add(fresh)
              fresh.suspect = one.suspect
              all.push(fresh)
              hand.add(fresh)
              break
            }
            case 'take':
              take()
              break
            case 'settle': {
              const running = pick('running', one.which) ?? pick('leaving', one.which)
              if (running !== undefined) hand.remove(running)
              break
            }
            case 'hold': {
              const running = pick('running', one.which)
              if (running !== undefined) hand.hold(running, 5)
              break
            }
            case 'due': {
              const held = pick('held', one.which)
              if (held !== undefined) hand.due(held)
              break
            }
            case 'keep': {
              const running = pick('running', one.which)
              if (running === undefined) break
              hand.stopRunning(running, 'kept')
              hand.freeLane(running)
              break
            }
            case 'leave': {
              const running = pick('running', one.which)
              if (running === undefined) break
              hand.stopRunning(running, 'leaving')
              hand.freeLane(running)
              break
            }
            case 'lose': {
              // What was fetched behind it must not pass it.
              const lost = pick('running', one.which) ?? pick('held', one.which) ?? pick('waiting', one.which)
              if (lost === undefined) break
              const behind = hand.behind(lost)
              if (lost.key !== undefined && lost.holdsLane)
                expect(behind).toEqual(
                  all.filter((two) => two !== lost && two.key === lost.key && two.state === 'waiting'),
                )
              else expect(behind).toEqual([])
              hand.together(() => {
                hand.remove(lost)
                for (const two of behind) hand.remove(two)
              })
              break
            }
          }
          const there = all.filter((two) => two.state !== 'gone')
          expect(hand.count).toBe(there.length)
          expect(hand.bytes).toBe(there.reduce((sum, two) => sum + two.bytes, 0))
          expect([hand.running, hand.held, hand.kept]).toEqual(
            (['running', 'held', 'kept'] as const).map((state) => of(state).length),
          )
        }

        // Whatever waits, or is held, runs in the end.
        for (;;) {
          for (const held of of('held')) hand.due(held)
          while (take() !== undefined) continue
          const running = of('running')
          if (running.length === 0) break
          for (const two of running) hand.remove(two)
        }
        expect([...of('waiting'), ...of('held'), ...of('running')]).toEqual([])
      }),
      { numRuns: 400 },
    )
  })

  it('tells many changes made together once', () => {
    const on = attached()
    let told = 0
    const hand = new Hand(10, () => void (told += 1))
    const entries = [entry(on), entry(on), entry(on)]
    for (const one of entries) hand.add(one)
    for (let taken = 0; taken < 3; taken += 1) hand.take(flushed)
    hand.together(() => {
      for (const one of entries) hand.remove(one)
      expect(told).toBe(0)
    })
    expect(told).toBe(1)
  })

  it('lets a suspect that is due again run, though nothing more is fetched', () => {
    const hand = new Hand(10, () => undefined)
    const one = entry(attached())
    one.suspect = true
    hand.add(one)
    expect(hand.take(flushed)).toBeUndefined()
    hand.gathered = true
    expect(hand.take(flushed)).toBe(one)
    hand.hold(one, 5)
    expect(hand.gathered).toBe(false)
    hand.due(one)
    expect(hand.take(flushed)).toBe(one)
  })

  it('removes nothing twice', () => {
    const on = attached()
    const hand = new Hand(10, () => undefined)
    const one = entry(on, 'a', 10)
    hand.add(one)
    hand.take(flushed)
    hand.remove(one)
    hand.remove(one)
    expect([hand.count, hand.bytes, hand.running]).toEqual([0, 0, 0])
  })
})
