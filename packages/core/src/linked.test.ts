import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Linked, type Links } from './linked.ts'

interface Item extends Links<Item> {
  readonly name: number
}

describe('what is linked', () => {
  it('is a set in the order of arrival, and lets go of what leaves', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 100 }), (toggled) => {
        const linked = new Linked<Item>()
        const items = Array.from({ length: 10 }, (_, name): Item => ({ name }))
        const model = new Set<Item>()
        for (const name of toggled) {
          const item = items[name]
          if (item === undefined) continue
          if (model.delete(item)) {
            linked.delete(item)
            expect(item).toEqual({ name, before: undefined, after: undefined })
          } else {
            model.add(item)
            linked.add(item)
          }
          expect(linked.all().map((one) => one.name)).toEqual([...model].map((one) => one.name))
          expect(linked.size).toBe(model.size)
        }
      }),
    )
  })
})
