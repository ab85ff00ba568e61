import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Filter, HeaderMatch } from '../filter.ts'
import { makeHeaders } from './header-rules.ts'
import { canonicalFilter, checkedFilter, matches, operatorOf } from './match.ts'

const value = fc.constantFrom('', 'eu', 'eu-west', 'us', 'constructor')
const key = fc.constantFrom('region', 'tier', 'constructor', 'toString')
const match: fc.Arbitrary<HeaderMatch> = fc.oneof(
  value,
  fc.array(value, { minLength: 1, maxLength: 3 }),
  value.map((prefix) => ({ prefix })),
  fc.boolean().map((exists) => ({ exists })),
)
const filters = fc.dictionary(key, match)
const headers = fc.array(fc.tuple(key, value)).map(makeHeaders)

/** The rule in its simplest words. */
function plainly(filter: Filter, given: Readonly<Record<string, string>>): boolean {
  return Object.entries(filter).every(([name, wanted]) => {
    const there = Object.hasOwn(given, name)
    const got = given[name] ?? ''
    if (typeof wanted === 'string') return there && got === wanted
    if (Array.isArray(wanted)) return there && wanted.includes(got)
    if ('exists' in wanted) return there === wanted.exists
    return there && got.startsWith((wanted as { prefix: string }).prefix)
  })
}

describe('matches', () => {
  it('agrees with the rule in its simplest words', () => {
    fc.assert(
      fc.property(filters, headers, (filter, given) => {
        expect(matches(filter, given)).toBe(plainly(filter, given))
      }),
      { numRuns: 1_000 },
    )
  })

  it('names its operators', () => {
    expect(['a', ['a'], { prefix: 'a' }, { exists: true }].map((one) => operatorOf(one as HeaderMatch))).toEqual([
      'equals',
      'anyOf',
      'prefix',
      'exists',
    ])
  })
})

describe('checkedFilter', () => {
  it('copies and freezes', () => {
    const list = ['eu', 'us']
    const given = { region: list }
    const filter = checkedFilter('a filter', given)
    list.push('asia')
    expect(filter['region']).toEqual(['eu', 'us'])
    expect(Object.isFrozen(filter)).toBe(true)
    expect(Object.isFrozen(filter['region'])).toBe(true)
    expect(Object.getPrototypeOf(filter)).toBeNull()
  })

  it('throws nothing but TypeErrors, and what it takes means the same as before', () => {
    fc.assert(
      fc.property(fc.oneof(filters, fc.anything(), fc.dictionary(key, fc.anything())), headers, (given, some) => {
        let filter: Filter
        try {
          filter = checkedFilter('a filter', given)
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
          return
        }
        expect(matches(filter, some)).toBe(plainly(given as Filter, some))
      }),
    )
  })
})

describe('canonicalFilter', () => {
  it('spells equal filters alike, whatever their order', () => {
    fc.assert(
      fc.property(filters, (filter) => {
        const turned = Object.fromEntries(
          Object.entries(filter)
            .toReversed()
            .map(([name, one]) => [name, Array.isArray(one) ? one.toReversed() : one]),
        )
        expect(canonicalFilter(turned)).toBe(canonicalFilter(filter))
      }),
    )
  })

  it('spells apart what matches differently', () => {
    fc.assert(
      fc.property(filters, filters, headers, (one, other, given) => {
        fc.pre(matches(one, given) !== matches(other, given))
        expect(canonicalFilter(one)).not.toBe(canonicalFilter(other))
      }),
      { numRuns: 500 },
    )
  })

  it('is empty for no filter', () => {
    expect(canonicalFilter(undefined)).toBe('')
    expect(canonicalFilter({})).toBe('')
  })
})
