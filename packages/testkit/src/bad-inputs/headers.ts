import type { BadInput, BadInputBroker } from './bad-input.ts'

class Headers {
  readonly a = 'b'
}

const many = (count: number, value = 'v') =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`h${index}`, value]))
const nullPrototype = (entries: object) => Object.assign(Object.create(null) as object, entries)
/** A key as JSON brings it, own and enumerable. */
const own = (key: string) => JSON.parse(`{${JSON.stringify(key)}: "x"}`) as unknown

const BAD_HEADERS: readonly (readonly [id: string, what: string, headers: unknown])[] = [
  ['H1', 'undefined as value', { a: undefined }],
  ['H2', 'null as value', { a: null }],
  ['H2', 'a number as value', { a: 1 }],
  ['H2', 'a boolean as value', { a: true }],
  ['H2', 'an object as value', { a: {} }],
  ['H2', 'an array as value', { a: ['b'] }],
  ['H2', 'a Date as value', { a: new Date(0) }],
  ['H2', 'a Buffer as value', { a: Buffer.from('b') }],
  ['H2', 'a String object as value', { a: Object('b') as unknown }],
  ['H2', 'a symbol as value', { a: Symbol('b') }],
  ['H2', 'a function as value', { a: () => 'b' }],
  ['H2', 'a bigint as value', { a: 1n }],
  ['H3', 'NaN as value', { a: Number.NaN }],
  ['H3', 'Infinity as value', { a: Infinity }],
  ['H5', 'an empty key', { '': 'b' }],
  ['H5', 'a space in a key', { 'a b': 'c' }],
  ['H5', 'a newline in a key', { 'a\n': 'c' }],
  ['H5', 'a colon in a key', { 'a:b': 'c' }],
  ['H5', 'a digit at the beginning of a key', { '1a': 'c' }],
  ['H5', 'an umlaut in a key', { grün: 'c' }],
  ['H5', 'a key of 129 characters', { ['k'.repeat(129)]: 'v' }],
  ['H6', 'a value of 1,025 bytes', { a: 'v'.repeat(1025) }],
  ['H6', 'a value of 1,025 bytes in UTF-8 alone', { a: `${'€'.repeat(341)}éé` }],
  ['H6', 'a value of 10 MiB', { a: 'v'.repeat(10_485_760) }],
  ['H7', '33 headers', many(33)],
  ['H7', '10,000 headers', many(10_000)],
  ['H8', 'more than 8 KiB in all', many(9, 'v'.repeat(1000))],
  ['H9', 'our own prefix', { 'ab-id': 'forged' }],
  ['H9', 'our own prefix in capitals', { 'AB-id': 'forged' }],
  ['H9', "RabbitMQ's own prefix", { 'x-death': 'forged' }],
  ['H9', "Google's own prefix", { 'googclient-x': 'forged' }],
  ['H9', "AWS's own prefix", { 'AWS.x': 'forged' }],
  ['H9', "Amazon's own prefix", { 'amazon.x': 'forged' }],
  ['H11', 'a lone surrogate as value', { a: '\uD800' }],
  ['H11', 'a lone surrogate in a key', { 'a\uDC00': 'b' }],
  ['H12', '__proto__ as key', own('__proto__')],
  ['H13', 'keys that differ in case alone', { a: '1', A: '2' }],
  ['H14', 'a repeated header', { a: ['1', '2'] }],
  ['H15', 'an array', [['a', 'b']]],
  ['H15', 'an instance of a class', new Headers()],
  ['H15', 'the Headers of fetch', new globalThis.Headers({ a: 'b' })],
  ['H15', 'a string', 'a=b'],
  ['H15', 'a number', 1],
  ['H15', 'null', null],
  ['H15', 'a function', () => ({ a: 'b' })],
  ['H15', 'a Map with a key that is no string', new Map<unknown, string>([[1, 'b']])],
  ['H15', 'a Map with a value that is no string', new Map<string, unknown>([['a', 1]])],
  ['H15', 'an object without prototype, with a bad value', nullPrototype({ a: 1 })],
]

export const HEADERS: readonly BadInput<BadInputBroker>[] = BAD_HEADERS.flatMap(([id, what, headers]) => [
  {
    id,
    what: `send: headers: ${what}`,
    expect: 'TypeError',
    names: 'headers',
    run: (broker, name) => broker.queue(name).send({}, { headers }),
  },
  {
    id,
    what: `publish: headers: ${what}`,
    expect: 'TypeError',
    names: 'headers',
    run: (broker, name) => broker.topic(name).publish({}, { headers }),
  },
])
