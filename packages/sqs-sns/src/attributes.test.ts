import { makeHeaders } from '@anybroker/driver'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { attributeBytes, type Attributes, fromAttributes, toAttributes } from './attributes.ts'
import { isText } from './text.ts'

const FIELDS = { id: 'one', 'sent-at': '17', 'content-type': 'text/plain' }
const many = (count: number) => makeHeaders(Array.from({ length: count }, (_, index) => [`h${index}`, `v${index}`]))
const roundTrip = (headers: ReturnType<typeof makeHeaders>) => {
  const attributes = toAttributes(headers, FIELDS)
  const names = Object.keys(attributes)
  expect(names.length).toBeLessThanOrEqual(10)
  for (const { StringValue, BinaryValue } of Object.values(attributes)) {
    expect(StringValue === undefined).toBe(BinaryValue !== undefined)
    if (StringValue !== undefined) expect(StringValue !== '' && isText(StringValue)).toBe(true)
  }
  const back = fromAttributes(attributes)
  expect(back.ours).toBe(true)
  expect(back.fields).toEqual(FIELDS)
  expect(new Map(back.headers)).toEqual(new Map(Object.entries(headers)))
  return attributes
}

test('up to nine headers are attributes, for filters and for others to read', () => {
  expect(Object.keys(roundTrip(many(9))).toSorted()).toEqual(['ab', ...Object.keys(many(9))].toSorted())
})

test.each([
  ['ten', many(10)],
  ['thirty-two', many(32)],
  ['an empty value', makeHeaders([['empty', '']])],
  ['a name that ends in a dot', makeHeaders([['a.', 'x']])],
  ['a name with two dots', makeHeaders([['a..b', 'x']])],
  ['a name like our own', makeHeaders([['AB', 'x']])],
  ['a control character', makeHeaders([['bell', '\u0007']])],
  ['what is no character', makeHeaders([['odd', '\uFFFE \uFFFF']])],
])('%s: all of them are packed into one', (_, headers) => {
  expect(Object.keys(roundTrip(headers))).toEqual(['ab-packed'])
})

test('8 KiB of what JSON would escape stay 8 KiB, as bytes', () => {
  const headers = makeHeaders(Array.from({ length: 8 }, (_, index) => [`h${index}`, '\u0001'.repeat(1_000)]))
  const attributes = roundTrip(headers)
  expect(attributes['ab-packed']?.DataType).toBe('Binary')
  expect(attributeBytes(attributes)).toBeLessThan(8_500)
})

test('any headers come back', () => {
  const key = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,20}$/)
  const value = fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => text.isWellFormed())
  fc.assert(
    fc.property(fc.array(fc.tuple(key, value), { maxLength: 32 }), (entries) => {
      roundTrip(makeHeaders(entries))
    }),
  )
})

test('foreign attributes are headers, whatever they are called and hold', () => {
  const foreign = Object.assign(Object.create(null) as Attributes, {
    constructor: { DataType: 'String', StringValue: 'c' },
    Number: { DataType: 'Number.int', StringValue: '5' },
    bytes: { DataType: 'Binary', BinaryValue: Uint8Array.of(1, 2) },
    ab: { DataType: 'String', StringValue: 'not JSON' },
    'ab-packed': { DataType: 'Binary', BinaryValue: Uint8Array.of(0x5b) },
  })
  const back = fromAttributes(foreign)
  expect(back.ours).toBe(false)
  expect(new Map(back.headers)).toEqual(
    new Map([
      ['constructor', 'c'],
      ['Number', '5'],
      ['bytes', 'AQI='],
      ['ab', 'not JSON'],
      ['ab-packed', 'Ww=='],
    ]),
  )
})

test.each(['[]', '[1,2]', '[[["a",1]],[]]', '{"a":1}', 'null', '[[["a"]],[]]'])('%s is none of ours', (text) => {
  const attributes = (name: string): Attributes => ({ [name]: { DataType: 'String', StringValue: text } })
  for (const name of ['ab', 'ab-packed']) {
    const back = fromAttributes(attributes(name))
    expect(back.headers).toEqual([[name, text]])
    expect(back.ours).toBe(false)
  }
})

test('bytes are counted as the service counts them: names, types, values', () => {
  expect(attributeBytes({ ab: { DataType: 'String', StringValue: 'ä' } })).toBe(2 + 6 + 2)
  expect(attributeBytes({ b: { DataType: 'Binary', BinaryValue: new Uint8Array(5) } })).toBe(1 + 6 + 5)
})
