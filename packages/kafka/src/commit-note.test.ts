import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CommitNote, decodeNote, encodeNote, NOTE_MAX, NOTE_STOPS_AT } from './commit-note.ts'

const notes = fc.record({
  finished: fc
    .array(fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 1, max: 1_000_000 })), { maxLength: 40 })
    .map((gaps) => {
      let at = 1_000
      return gaps.map(([gap, length]): [number, number] => {
        const from = at + gap
        at = from + length
        return [from, at]
      })
    }),
  open: fc
    .array(
      fc.record({
        gap: fc.integer({ min: 0, max: 100_000 }),
        attempts: fc.integer({ min: 0, max: 1_000 }),
        dueAt: fc.oneof(fc.constant(0), fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 })),
      }),
      { maxLength: 40 },
    )
    .map((list) => {
      let offset = 999
      return list.map(({ gap, attempts, dueAt }) => {
        offset += gap + 1
        return { offset, attempts, dueAt }
      })
    }),
  clean: fc.boolean(),
})

test('a note comes back as it was', () => {
  fc.assert(
    fc.property(notes, (note: CommitNote) => {
      const { text, cutAt } = encodeNote(1_000, note)
      expect(cutAt).toBe(Infinity)
      expect(decodeNote(1_000, text)).toEqual(note)
    }),
  )
})

test('one open message under 50,000 finished ones costs a few characters', () => {
  const { text } = encodeNote(7, {
    finished: [[8, 50_008]],
    open: [{ offset: 7, attempts: 1, dueAt: 0 }],
    clean: false,
  })
  expect(text.length).toBeLessThan(20)
})

test('a thousand neighbours in hand cost a few characters', () => {
  const open = Array.from({ length: 1_000 }, (_, index) => ({ offset: 40 + index, attempts: 1, dueAt: 0 }))
  const { text } = encodeNote(40, { finished: [], open, clean: false })
  expect(text.length).toBeLessThan(20)
  expect(decodeNote(40, text).open).toEqual(open)
})

test('what does not fit is left out at the end, and told', () => {
  const finished = Array.from({ length: 5_000 }, (_, index): [number, number] => [2 * index + 1, 2 * index + 2])
  const open = [{ offset: 0, attempts: 3, dueAt: 0 }]
  const { text, cutAt } = encodeNote(0, { finished, open, clean: false })
  expect(text.length).toBeLessThanOrEqual(NOTE_MAX)
  expect(text.length).toBeGreaterThan(NOTE_STOPS_AT)
  const decoded = decodeNote(0, text)
  expect(decoded.open).toEqual(open)
  expect(decoded.finished).toEqual(finished.filter(([from]) => from < cutAt))
  expect(cutAt).toBeLessThan(10_000)
})

test('too many attempts leave room for nothing else, and still fit', () => {
  const open = Array.from({ length: 5_000 }, (_, index) => ({ offset: 2 * index, attempts: 1, dueAt: 0 }))
  const { text, cutAt } = encodeNote(0, { finished: [[1, 2]], open, clean: false })
  expect(text.length).toBeLessThanOrEqual(4_096)
  expect(decodeNote(0, text).open.length).toBeGreaterThan(500)
  expect([1, Infinity]).toContain(cutAt)
})

test('foreign text says nothing, and that nobody knows how it was left', () => {
  for (const text of ['reg:17', 'ab1x:AAAA', 'ab1o:____', 'ab1c:gICAgICAgICA', '{"a":1}', 'ab1c:!', 'ab2c:'])
    expect(decodeNote(5, text)).toEqual({ finished: [], open: [], clean: false })
  for (const text of [null, '']) expect(decodeNote(5, text)).toEqual({ finished: [], open: [], clean: true })
})

test('any text is read without an error', () => {
  fc.assert(
    fc.property(fc.string(), fc.boolean(), (text, prefixed) => {
      const { finished, open } = decodeNote(0, prefixed ? `ab1o:${text}` : text)
      for (const [from, to] of finished) expect(to).toBeGreaterThan(from)
      for (const { offset } of open) expect(offset).toBeGreaterThanOrEqual(0)
    }),
  )
})
