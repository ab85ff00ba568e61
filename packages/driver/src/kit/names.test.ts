import { describe, expect, it } from 'vitest'
import { assertId, assertKey, assertName, shown } from './names.ts'

/** What a check lets pass, or refuses otherwise than by a `TypeError` that names what it was for. */
function passed(check: (what: string, value: unknown) => void, values: readonly unknown[]): readonly unknown[] {
  return values.filter((value) => {
    try {
      check('the thing', value)
      return true
    } catch (error) {
      return !(error instanceof TypeError && error.message.includes('the thing'))
    }
  })
}

const NOT_STRINGS = [undefined, null, 7, {}, [], ['aa'], Object('aa'), Symbol('a'), () => 'aa', 1n]

describe('assertName', () => {
  it.each(['aa', 'a0', 'A-_-9', 'constructor', 'a'.repeat(64), 'ama', 'goo', 'aw-s', 'x-goog'])('takes %s', (name) => {
    expect(() => assertName('a name', name)).not.toThrow()
  })

  it('refuses the rest, naming what it was for', () => {
    expect(
      passed(assertName, [
        ...NOT_STRINGS,
        '',
        'a',
        '0a',
        '-a',
        '_a',
        'a-',
        'a_',
        'a.b',
        'a/b',
        '..',
        'a b',
        'a\n',
        '\na',
        'aä',
        'a\0b',
        'a\u202Eb',
        'a'.repeat(65),
        'goog-x',
        'GOOGle',
        'aws',
        'awsome',
        'amq.x',
        'amqueue',
        'AMQ0',
      ]),
    ).toEqual([])
  })
})

describe('assertKey', () => {
  it.each(['a', '!', '~', 'customer/7', 'k'.repeat(128)])('takes %s', (key) => {
    expect(() => assertKey('a key', key)).not.toThrow()
  })

  it('refuses the rest', () => {
    expect(
      passed(assertKey, [...NOT_STRINGS, '', ' ', 'a b', 'a\n', 'a\t', 'grün', '\u007f', '\uD800', 'k'.repeat(129)]),
    ).toEqual([])
  })
})

describe('assertId', () => {
  it.each(['a', '0', '-', '_', '019a8b7c-0000-7000-8000-000000000000', 'i'.repeat(128)])('takes %s', (id) => {
    expect(() => assertId('an id', id)).not.toThrow()
  })

  it('refuses the rest', () => {
    expect(passed(assertId, [...NOT_STRINGS, '', 'a b', 'a.b', 'a/b', 'a\n', 'ä', 'i'.repeat(129)])).toEqual([])
  })
})

describe('shown', () => {
  it('says type and length, never the whole, and no control character', () => {
    expect(shown(null)).toBe('null')
    expect(shown(undefined)).toBe('undefined')
    expect(shown({ password: 'hunter2' })).toBe('object')
    expect(shown('a\n\0b')).toBe(String.raw`"a\n\u0000b" (4 characters)`)
    const long = shown('x'.repeat(10_000))
    expect(long.length).toBeLessThan(100)
    expect(long).toContain('(10000 characters)')
  })
})
