import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assertName } from './names.ts'
import { joinName, splitName, type Spelling } from './physical-names.ts'

const letters = ['a', 'b', 'c', 'X', 'Y', 'Z']
const inner = fc.string({ unit: fc.constantFrom(...letters, '0', '_', '-', '_', '-'), maxLength: 12 })
const first = fc.constantFrom(...letters)
const last = fc.constantFrom(...letters, '0', '9')
/** Names by the portable rule, rich in what separators are made of. */
const name = fc.tuple(first, inner, last).map((parts) => parts.join(''))
/** As adapters join them: a prefix that says the kind, then logical names. */
const kind = fc.constantFrom('q', 'dlq', 't', 's', 'sdlq')
const parts = fc
  .tuple(fc.option(name, { nil: undefined }), kind, name, fc.option(name, { nil: undefined }))
  .map((all) => all.filter((part) => part !== undefined))
const separator = fc.constantFrom<Spelling['separator']>('.', '_-')

describe('joinName and splitName', () => {
  it('spans names that the portable rule takes', () => {
    fc.assert(fc.property(name, (one) => assertName('a name', one)))
  })

  it('come back as they were', () => {
    fc.assert(
      fc.property(parts, separator, (given, by) => {
        expect(splitName(joinName(given, { separator: by, maxLength: 1_000 }), by)).toEqual(given)
      }),
      { numRuns: 2_000 },
    )
  })

  it('gives different parts different names, cut or whole', () => {
    const maxLength = fc.constantFrom(30, 80, 255, 1_000)
    fc.assert(
      fc.property(parts, parts, separator, maxLength, (one, other, by, most) => {
        const spelling = { separator: by, maxLength: most }
        const same = one.length === other.length && one.every((part, index) => part === other[index])
        expect(joinName(one, spelling) === joinName(other, spelling)).toBe(same)
      }),
      { numRuns: 5_000 },
    )
  })

  it('tells apart what only separators tell apart', () => {
    const near = [
      ['a', 'b', 'c'],
      ['a-b', 'c'],
      ['a', 'b-c'],
      ['a_b', 'c'],
      ['a_-b', 'c'],
      ['a-_b', 'c'],
      ['a__b', 'c'],
      ['a', 'b', 'c0'],
    ]
    for (const by of ['.', '_-'] as const) {
      const names = near.map((one) => joinName(one, { separator: by, maxLength: 80 }))
      expect(new Set(names).size).toBe(near.length)
    }
  })

  it('keeps within the limit, within the alphabet, and the same every time', () => {
    fc.assert(
      fc.property(
        fc.array(name, { minLength: 1, maxLength: 5 }),
        separator,
        fc.integer({ min: 20, max: 90 }),
        (given, by, most) => {
          const joined = joinName(given, { separator: by, maxLength: most })
          expect(joined.length).toBeLessThanOrEqual(most)
          expect(joined).toMatch(by === '.' ? /^[A-Za-z0-9_.-]+$/ : /^[A-Za-z0-9_-]+$/)
          expect(joinName([...given], { separator: by, maxLength: most })).toBe(joined)
        },
      ),
    )
  })

  it('tells long names apart that differ at the end alone', () => {
    const long = 'a'.repeat(63)
    const cut = (end: string) => joinName(['q', `${long}${end}`], { separator: '.', maxLength: 40 })
    expect(cut('b')).not.toBe(cut('c'))
    expect(cut('b')).toHaveLength(40)
    // What is left of it still says what it is.
    expect(splitName(cut('b'), '.')[0]).toBe('q')
  })
})
