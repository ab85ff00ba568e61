import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Deque } from './deque.ts'
import { Heap } from './heap.ts'

describe('a deque', () => {
  it('behaves as an array does', () => {
    const step = fc.oneof(
      fc.record({ op: fc.constant('push' as const), value: fc.nat(99) }),
      fc.record({ op: fc.constant('pushFront' as const), value: fc.nat(99) }),
      fc.record({ op: fc.constant('insert' as const), value: fc.nat(99) }),
      fc.record({ op: fc.constant('takeAt' as const), value: fc.nat(20) }),
      fc.record({ op: fc.constantFrom('shift' as const, 'removeOdd' as const, 'clear' as const), value: fc.nat(9) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const deque = new Deque<number>()
        let model: number[] = []
        for (const { op, value } of steps) {
          if (op === 'push') {
            deque.push(value)
            model.push(value)
          } else if (op === 'pushFront') {
            deque.pushFront(value)
            model.unshift(value)
          } else if (op === 'insert') {
            deque.insert(value, (other) => other > value)
            const index = model.findIndex((other) => other > value)
            model.splice(index < 0 ? model.length : index, 0, value)
          } else if (op === 'takeAt') {
            const index = value < model.length ? value : 0
            const [first] = model
            expect(deque.takeAt(value)).toBe(model[index])
            if (first !== undefined) model[index] = first
            model.shift()
          } else if (op === 'shift') expect(deque.shift()).toBe(model.shift())
          else if (op === 'removeOdd') {
            deque.remove((item) => item % 2 === 1)
            model = model.filter((item) => item % 2 === 0)
          } else if (value === 0) {
            deque.clear()
            model = []
          }
          expect([...deque]).toEqual(model)
          expect(deque.size).toBe(model.length)
          expect(deque.at(value)).toBe(model[value])
        }
      }),
    )
  })

  it('survives a burst', () => {
    const deque = new Deque<number>()
    for (let round = 0; round < 2; round += 1) {
      for (let index = 0; index < 20_000; index += 1) deque.push(index)
      for (let index = 0; index < 20_000; index += 1) expect(deque.shift()).toBe(index)
      expect(deque.shift()).toBeUndefined()
    }
  })
})

describe('a heap', () => {
  it('gives the earliest first, and of equals the one that came first', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 100 }), fc.nat(50), (times, early) => {
        const heap = new Heap<{ dueAt: number; sequence: number }>()
        const items = times.map((dueAt, sequence) => ({ dueAt, sequence }))
        const out: (typeof items)[number][] = []
        const sorted = (some: typeof items) => some.toSorted((a, b) => a.dueAt - b.dueAt || a.sequence - b.sequence)
        items.slice(0, early).forEach((item) => heap.push(item))
        const [first] = sorted(items.slice(0, early))
        expect(heap.first).toBe(first)
        items.slice(early).forEach((item) => heap.push(item))
        expect(heap.size).toBe(items.length)
        for (let item = heap.pop(); item !== undefined; item = heap.pop()) out.push(item)
        expect(out).toEqual(sorted(items))
      }),
    )
  })
})
