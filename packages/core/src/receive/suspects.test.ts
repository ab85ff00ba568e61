import fc from 'fast-check'
import { expect, it } from 'vitest'
import { wire } from '../../test/fake-link.ts'
import type { Attached } from './attached.ts'
import { Entry } from './entry.ts'
import { Suspects } from './suspects.ts'

function suspects(ids: readonly string[], attemptOf: (id: string) => number): Suspects {
  const made = new Suspects()
  for (const id of ids) {
    const delivery = { receipt: id, message: wire(id), attempt: attemptOf(id), redelivered: true, native: undefined }
    made.add(new Entry(delivery, { dead: false } as unknown as Attached, false))
  }
  return made
}

it('leaves nothing beside the one that kills after two crashes, wherever it lies', () => {
  const queues = fc
    .integer({ min: 1, max: 40 })
    .chain((length) =>
      fc.record({ length: fc.constant(length), killer: fc.nat(length - 1), attempt: fc.integer({ min: 2, max: 20 }) }),
    )
  fc.assert(
    fc.property(queues, ({ length, killer, attempt }) => {
      let left = Array.from({ length }, (_, index) => `${index}`)
      for (const crash of [0, 1]) {
        const waiting = suspects(left, () => attempt + crash)
        const done = new Set<string>()
        for (;;) {
          const next = waiting.take()
          if (next === undefined || next.wire.message.id === `${killer}`) break
          next.state = 'gone'
          done.add(next.wire.message.id)
        }
        left = left.filter((id) => !done.has(id))
      }
      expect(left).toEqual([`${killer}`])
    }),
  )
})

it('passes over what was lost while it waited', () => {
  const waiting = suspects(['a', 'b'], () => 4)
  const first = waiting.take()
  expect(first?.wire.message.id).toBe('a')
  expect(waiting.take()?.wire.message.id).toBe('b')
  expect(waiting.take()).toBeUndefined()
})
