import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkedHeaders, HEADER_LIMITS, makeHeaders, NO_HEADERS } from './header-rules.ts'

const own = (key: string) => JSON.parse(`{${JSON.stringify(key)}: "x"}`) as unknown
const many = (count: number, bytes = 1) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`h${index}`, 'v'.repeat(bytes)]))

describe('checkedHeaders', () => {
  it('copies what is right, as plain object, without prototype, or as Map', () => {
    const given = { region: 'eu', constructor: 'x', Empty: '', odd: '\0\r\n😀' }
    for (const headers of [given, Object.assign(Object.create(null), given), new Map(Object.entries(given))]) {
      const copy = checkedHeaders('headers', headers)
      expect(copy).not.toBe(headers)
      expect(Object.getPrototypeOf(copy)).toBeNull()
      expect({ ...copy }).toEqual(given)
    }
    expect(checkedHeaders('headers', undefined)).toBe(NO_HEADERS)
    expect(checkedHeaders('headers', {})).toBe(NO_HEADERS)
  })

  it.each([
    ['an array', [['a', 'b']]],
    ['null', null],
    ['a string', 'a=b'],
    ['an instance', new (class A {})()],
    ['an empty key', { '': 'b' }],
    ['a space', { 'a b': 'c' }],
    ['a newline at the end', { 'a\n': 'c' }],
    ['a digit first', { '1a': 'c' }],
    ['a long key', { ['k'.repeat(129)]: 'v' }],
    ['ab-', { 'ab-id': 'x' }],
    ['AB-', { 'AB-x': 'x' }],
    ['x-', { 'X-Death': 'x' }],
    ['goog', { googclient: 'x' }],
    ['aws', { 'AWS.x': 'x' }],
    ['amazon', { 'amazon.x': 'x' }],
    ['__proto__', own('__proto__')],
    ['case alone', { a: '1', A: '2' }],
    ['undefined', { a: undefined }],
    ['a number', { a: 1 }],
    ['a list', { a: ['b'] }],
    ['a lone surrogate', { a: '\uD800' }],
    ['a value too long', { a: '€'.repeat(342) }],
    ['too many', many(33)],
    ['too much', many(9, 1_000)],
    ['a Map with a bad key', new Map<unknown, string>([[1, 'b']])],
  ])('refuses %s, naming what it was for', (_what, given) => {
    expect(() => checkedHeaders('options.headers', given)).toThrow(TypeError)
    expect(() => checkedHeaders('options.headers', given)).toThrow('options.headers')
  })

  it('takes exactly what the limits say', () => {
    const { maxCount, maxValueBytes, maxTotalBytes } = HEADER_LIMITS
    expect(Object.keys(checkedHeaders('h', many(maxCount)))).toHaveLength(maxCount)
    expect(() => checkedHeaders('h', { a: 'v'.repeat(maxValueBytes) })).not.toThrow()
    expect(() => checkedHeaders('h', { a: 'v'.repeat(maxValueBytes + 1) })).toThrow('at most 1024 bytes')
    // Eight of two bytes of key and 1,022 of value make 8 KiB.
    expect(() => checkedHeaders('h', many(8, 1_022))).not.toThrow()
    expect(() => checkedHeaders('h', { ...many(8, 1_022), z: '' })).toThrow(`${maxTotalBytes} bytes in all`)
  })

  it('lifts counts and sizes with native limits, and nothing else', () => {
    expect(Object.keys(checkedHeaders('h', many(100, 2_000), 'native'))).toHaveLength(100)
    expect(() => checkedHeaders('h', { 'ab-id': 'x' }, 'native')).toThrow(TypeError)
    expect(() => checkedHeaders('h', { a: '\uD800' }, 'native')).toThrow(TypeError)
  })

  it('throws nothing but TypeErrors, keeps strings alone, and pollutes nothing', () => {
    const anything = fc.anything({ withBigInt: true, withMap: true, withNullPrototype: true, withDate: true })
    fc.assert(
      fc.property(fc.oneof(anything, fc.dictionary(fc.string(), anything)), (given) => {
        try {
          const headers = checkedHeaders('h', given)
          for (const value of Object.values(headers)) expect(typeof value).toBe('string')
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
        }
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
    )
  })
})

describe('makeHeaders', () => {
  it('makes a header of whatever name a foreign client chose', () => {
    const headers = makeHeaders([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['x y', 'c'],
    ])
    expect(Object.keys(headers)).toEqual(['__proto__', 'constructor', 'x y'])
    expect(headers['__proto__']).toBe('a')
    expect(headers['toString']).toBeUndefined()
  })
})
