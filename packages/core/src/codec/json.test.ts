import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { json } from './json.ts'

const decode = (text: string) => json.decode(new TextEncoder().encode(text))
const loop: unknown[] = []
loop.push({ loop })
const deep = (levels: number) => {
  let value: unknown = 0
  for (let level = 0; level < levels; level += 1) value = [value]
  return value
}

describe('the json codec', () => {
  it('brings back what JSON can say, as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // The one exception, and a key that is refused.
        fc.pre(!JSON.stringify(value).includes('__proto__'))
        const there = json.decode(json.encode(value))
        expect(there).toEqual(JSON.parse(JSON.stringify(value)))
      }),
      { numRuns: 500 },
    )
  })

  it('either brings a value back or refuses it by a TypeError, whatever it is', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
      withObjectString: true,
      withBoxedValues: true,
    })
    /** Without the two things that JSON may change: the sign of zero and the missing prototype. */
    const plain = (value: unknown): unknown => {
      if (Object.is(value, -0)) return 0
      if (Array.isArray(value)) return value.map(plain)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
    }
    fc.assert(
      fc.property(anything, (value) => {
        let bytes: Uint8Array
        try {
          bytes = json.encode(value)
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
          return
        }
        expect(json.decode(bytes)).toEqual(plain(value))
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ['undefined', undefined, 'undefined'],
    ['undefined inside', { a: [{ b: undefined }] }, 'a[0].b'],
    ['a function', () => 1, 'function'],
    ['a symbol', Symbol('x'), 'symbol'],
    ['a symbol as key', { [Symbol('x')]: 1 }, 'a symbol as key'],
    ['a BigInt', { total: 1n }, 'bigint at total'],
    ['NaN', [Number.NaN], 'NaN at [0]'],
    ['Infinity', -Infinity, '-Infinity'],
    ['a Date', { at: new Date(0) }, 'an instance of Date at at'],
    ['a Map', new Map(), 'an instance of Map'],
    ['a Set', new Set(), 'an instance of Set'],
    ['bytes', new Uint8Array(1), 'Uint8Array'],
    ['a boxed string', Object('x'), 'String'],
    ['an instance', new (class Order {})(), 'Order'],
    // oxlint-disable-next-line no-sparse-arrays -- It is what is tried.
    ['a hole', [1, , 2], 'a hole at [1]'],
    ['a cycle', loop, 'a cycle'],
    ['toJSON', { toJSON: () => 1 }, 'toJSON'],
    ['__proto__', JSON.parse('{"__proto__": 1}'), '__proto__'],
    ['too many levels', deep(20_000), 'levels'],
  ])('refuses %s, and says what and where', (_what, value, names) => {
    expect(() => json.encode(value)).toThrow(TypeError)
    expect(() => json.encode(value)).toThrow(names)
  })

  it('takes the same object twice where that is no cycle', () => {
    const shared = { region: 'eu' }
    expect(json.decode(json.encode([shared, shared]))).toEqual([shared, shared])
    expect(json.decode(json.encode(deep(900)))).toEqual(deep(900))
  })

  it.each(['', '{', 'undefined', '{"a":1,}', "{'a':1}", 'NaN', '[1] [2]'])('decodes no %j', (text) => {
    expect(() => decode(text)).toThrow(SyntaxError)
  })

  it('decodes nothing that is not UTF-8, and no key that becomes a prototype, however it is spelled', () => {
    expect(() => json.decode(new Uint8Array([0x22, 0xff, 0x22]))).toThrow(TypeError)
    for (const text of ['{"__proto__":{"admin":true}}', '[{"a":{"\\u005f_proto__":1}}]'])
      expect(() => decode(text)).toThrow('__proto__')
    expect(decode('"__proto__"')).toBe('__proto__')
    expect(decode('{"a":"\\u0041"}')).toEqual({ a: 'A' })
  })
})
