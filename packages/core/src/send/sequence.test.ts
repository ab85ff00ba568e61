import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wire } from '../../test/fake-link.ts'
import type { Item } from './item.ts'
import { Sequence } from './sequence.ts'

let made = 0
function item(key?: string, bytes = 1): Item {
  return {
    wire: wire(`m${(made += 1)}`, key === undefined ? {} : { key }),
    bytes,
    deadline: 0,
    resolve: () => undefined,
    reject: () => undefined,
    leave: undefined,
    tries: 0,
    maybeStored: false,
    error: undefined,
    state: 'waiting',
  }
}

const key = fc.constantFrom(undefined, 'a', 'b', 'c')
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ op: fc.constant('add' as const), key, bytes: fc.integer({ min: 1, max: 9 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('take' as const),
      max: fc.integer({ min: 1, max: 5 }),
      maxBytes: fc.integer({ min: 1, max: 20 }),
      perKey: fc.integer({ min: 1, max: 4 }),
    }),
  },
  /** A batch comes back: `fails` says from which item of each key on (and which keyless ones) it failed and goes again. */
  {
    weight: 4,
    arbitrary: fc.record({ op: fc.constant('conclude' as const), which: fc.nat(3), fails: fc.array(fc.boolean()) }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('due' as const), which: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('expire' as const), which: fc.nat(9) }) },
)

/** A queue per key, and one for what has none; who is with the broker or waits for its retry. */
class Model {
  readonly waiting: Item[] = []
  readonly busy = new Set<string>()
  readonly laneOf: (item: Item) => string | undefined

  constructor(ordered: boolean) {
    this.laneOf = (one) => (ordered ? one.wire.key : undefined)
  }

  /** Keyless ones that are ready, and keys that are free and have something. */
  get size(): number {
    const keyless = this.waiting.filter((one) => this.laneOf(one) === undefined)
    const keys = new Set(this.waiting.map(this.laneOf).filter((lane) => lane !== undefined && !this.busy.has(lane)))
    return keyless.length + keys.size
  }

  take(batch: readonly Item[]): void {
    for (const one of batch) {
      const lane = this.laneOf(one)
      const first = this.waiting.find((other) => this.laneOf(other) === lane)
      // First come, first served: of a key always, of the keyless too.
      expect(one).toBe(first)
      this.waiting.splice(this.waiting.indexOf(one), 1)
      if (lane !== undefined) expect(this.busy.has(lane)).toBe(false)
    }
    for (const one of batch) {
      const lane = this.laneOf(one)
      if (lane !== undefined) this.busy.add(lane)
    }
  }
}

describe.each([
  ['ordered', true],
  ['unordered', false],
])('a sequence, %s', (_what, ordered) => {
  it('keeps the order of a key, loses nothing, and knows how many may go', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }), (steps) => {
        const sequence = new Sequence(ordered)
        const model = new Model(ordered)
        const out: Item[][] = []
        const backingOff: Item[][] = []
        const done = new Set<Item>()
        const added: Item[] = []

        const take = (max: number, maxBytes: number, perKey: number): Item[] => {
          const could = model.size
          const batch = sequence.take(max, maxBytes, perKey)
          expect(batch.length > 0).toBe(could > 0)
          expect(batch.length).toBeLessThanOrEqual(max)
          const bytes = batch.reduce((sum, one) => sum + one.bytes, 0)
          if (batch.length > 1) expect(bytes).toBeLessThanOrEqual(maxBytes)
          if (ordered) {
            const keys = batch.flatMap((one) => one.wire.key ?? [])
            for (const one of keys) expect(keys.filter((other) => other === one).length).toBeLessThanOrEqual(perKey)
          }
          model.take(batch)
          return batch
        }

        /** As the outbox does it. */
        const conclude = (batch: readonly Item[], fails: readonly boolean[]) => {
          const again: Item[] = []
          const stuck = new Set<string>()
          batch.forEach((one, index) => {
            const lane = model.laneOf(one)
            if (fails[index] === true || (lane !== undefined && stuck.has(lane))) {
              again.push(one)
              one.state = 'backing-off'
              if (lane !== undefined) stuck.add(lane)
            } else {
              sequence.remove(one)
              one.state = 'done'
              done.add(one)
            }
          })
          const keys = new Set(again.map((one) => one.wire.key))
          const free = again.length === 0 ? batch : batch.filter((one) => !keys.has(one.wire.key))
          sequence.open(free)
          for (const one of batch) {
            const lane = model.laneOf(one)
            if (lane !== undefined && !stuck.has(lane)) model.busy.delete(lane)
          }
          if (again.length === 0) return
          sequence.putBack(again)
          model.waiting.unshift(...again.filter((one) => model.laneOf(one) !== undefined))
          backingOff.push(again)
        }

        const due = (again: readonly Item[]) => {
          for (const one of again) {
            if (model.laneOf(one) !== undefined || one.state !== 'backing-off') continue
            sequence.add(one)
            model.waiting.push(one)
          }
          sequence.open(again)
          for (const one of again) {
            const lane = model.laneOf(one)
            if (lane !== undefined) model.busy.delete(lane)
          }
        }

        for (const one of steps) {
          switch (one.op) {
            case 'add': {
              const fresh = item(one.key, one.bytes)
              added.push(fresh)
              sequence.add(fresh)
              model.waiting.push(fresh)
              break
            }
            case 'take': {
              const batch = take(one.max, one.maxBytes, one.perKey)
              if (batch.length > 0) out.push(batch)
              break
            }
            case 'conclude': {
              const [batch] = out.splice(one.which % Math.max(1, out.length), 1)
              if (batch !== undefined) conclude(batch, one.fails)
              break
            }
            case 'due': {
              const [again] = backingOff.splice(one.which % Math.max(1, backingOff.length), 1)
              if (again !== undefined) due(again)
              break
            }
            case 'expire': {
              const late = model.waiting[one.which % Math.max(1, model.waiting.length)]
              if (late === undefined) break
              const behind = sequence.behind(late)
              const lane = model.laneOf(late)
              expect(behind).toEqual(
                lane === undefined
                  ? []
                  : model.waiting.filter((other) => other !== late && model.laneOf(other) === lane),
              )
              sequence.remove(late)
              late.state = 'done'
              done.add(late)
              model.waiting.splice(model.waiting.indexOf(late), 1)
              break
            }
          }
          expect(sequence.size).toBe(model.size)
        }

        // Everything comes out in the end.
        for (const batch of out) conclude(batch, [])
        for (const again of backingOff.splice(0)) due(again)
        while (sequence.size > 0) conclude(take(3, 10, 2), [])
        expect(added.filter((one) => !done.has(one))).toEqual([])
        expect(sequence.size).toBe(0)
      }),
      { numRuns: 400 },
    )
  })
})

describe('a sequence', () => {
  it('lets one message through that is larger than a batch may be', () => {
    const sequence = new Sequence(false)
    sequence.add(item(undefined, 100))
    sequence.add(item(undefined, 1))
    expect(sequence.take(10, 5, 1)).toHaveLength(1)
    expect(sequence.take(10, 5, 1)).toHaveLength(1)
  })

  it('holds on to nothing that is over, however many there were', () => {
    const sequence = new Sequence(false)
    for (let round = 0; round < 3_000; round += 1) sequence.add(item())
    for (let left = 3_000; left > 0; left -= 100) expect(sequence.take(100, 1_000, 1)).toHaveLength(100)
    sequence.add(item())
    expect(sequence.take(100, 1_000, 1)).toHaveLength(1)
    expect(sequence.take(100, 1_000, 1)).toEqual([])
  })
})
