import type { BadInput, BadInputBroker } from './bad-input.ts'

/** More than any driver may call portable. */
const TOO_LARGE = 180 * 1024 + 1

const loop: unknown[] = []
loop.push({ loop })

const thrower = {
  get total(): never {
    throw new Error('getter')
  },
}

const proxy = new Proxy(
  {},
  {
    ownKeys() {
      throw new Error('trap')
    },
  },
)

class Order {
  readonly total = 1
}

let deep: unknown = 0
for (let level = 0; level < 20_000; level += 1) deep = [deep]

type Row = readonly [id: string, what: string, body: () => unknown, codec?: string]

const INVALID: readonly Row[] = [
  ['P1', 'undefined', () => undefined],
  ['P9', 'a cycle', () => loop],
  ['P9', '20,000 levels', () => deep],
  ['P10', 'a BigInt', () => 1n],
  ['P10', 'a symbol', () => Symbol('x')],
  ['P10', 'a function', () => () => 1],
  ['P10', 'NaN', () => Number.NaN],
  ['P10', 'Infinity', () => Infinity],
  ['P10', 'undefined in an object', () => ({ id: 1, total: undefined })],
  ['P10', 'undefined in an array', () => [1, undefined]],
  [
    'P10',
    'a hole in an array',
    () =>
      Array.of(1, 2, 3)
        .with(1, 2)
        .concat(Array(1) as number[]),
  ],
  ['P10', 'a BigInt far inside', () => ({ a: [{ b: { c: 1n } }] })],
  ['P10', 'NaN inside', () => ({ total: Number.NaN })],
  ['P10', 'a symbol as key', () => ({ [Symbol('key')]: 1 })],
  ['P11', 'a getter that throws', () => thrower],
  ['P11', 'toJSON', () => ({ toJSON: () => 'something else' })],
  [
    'P11',
    'a toJSON that throws',
    () => ({
      toJSON: () => {
        throw new Error('toJSON')
      },
    }),
  ],
  ['P11', 'a Proxy whose traps throw', () => proxy],
  ['P11', 'an own __proto__', () => JSON.parse('{"__proto__": {"admin": true}}') as unknown],
  ['P13', 'a Promise', () => Promise.resolve({ id: 1 })],
  ['P13', 'a stream', () => new ReadableStream()],
  // oxlint-disable-next-line unicorn/no-thenable -- It is what is tried.
  ['P13', 'a thenable', () => ({ then: (resolve: (value: unknown) => void) => resolve(1) })],
  ['P15', 'a Date', () => new Date(0)],
  ['P15', 'a Date inside', () => ({ at: new Date(0) })],
  ['P15', 'a Map', () => new Map([['a', 1]])],
  ['P15', 'a Set', () => new Set([1])],
  ['P15', 'a RegExp', () => /a/],
  ['P15', 'an Error', () => new Error('x')],
  ['P15', 'a Buffer', () => Buffer.from('x')],
  ['P15', 'a Uint8Array', () => new Uint8Array(1)],
  ['P15', 'an instance of a class', () => new Order()],
  ['P15', 'a String object', () => Object('x') as unknown],
  ['P3', 'a string for bytes', () => 'text', 'bytes'],
  ['P3', 'an array for bytes', () => [1, 2, 3], 'bytes'],
  ['P3', 'null for bytes', () => null, 'bytes'],
  ['P3', 'undefined for bytes', () => undefined, 'bytes'],
  ['P3', 'a number for text', () => 1, 'text'],
  ['P3', 'null for text', () => null, 'text'],
  ['P3', 'a Buffer for text', () => Buffer.from('x'), 'text'],
  ['P3', 'a lone surrogate for text', () => 'a\uD800', 'text'],
]

const LARGE: readonly Row[] = [
  ['P7', 'bytes over the portable limit', () => new Uint8Array(TOO_LARGE), 'bytes'],
  ['P7', 'text over the portable limit', () => 'x'.repeat(TOO_LARGE), 'text'],
  ['P7', 'text over the limit in UTF-8 alone', () => '€'.repeat(Math.ceil(TOO_LARGE / 3)), 'text'],
  ['P7', 'JSON over the portable limit', () => ({ text: 'x'.repeat(TOO_LARGE) })],
  ['P7', '20 MiB', () => new Uint8Array(20 * 1024 * 1024), 'bytes'],
]

const rows = (table: readonly Row[], expect: BadInput<never>['expect']): readonly BadInput<BadInputBroker>[] =>
  table.flatMap(([id, what, body, codec]) => [
    {
      id,
      what: `send: ${what}`,
      expect,
      run: (broker, name) => broker.queue(name, codec === undefined ? {} : { codec }).send(body()),
    },
    {
      id,
      what: `publish: ${what}`,
      expect,
      run: (broker, name) => broker.topic(name, codec === undefined ? {} : { codec }).publish(body()),
    },
  ])

/** Refuses everything, as a schema in the form of Standard Schema. */
const refusing = { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: 'no' }] }) } }
const throwing = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: () => {
      throw new Error('schema')
    },
  },
}

export const BODIES: readonly BadInput<BadInputBroker>[] = [
  ...rows(INVALID, 'INVALID_MESSAGE'),
  ...rows(LARGE, 'MESSAGE_TOO_LARGE'),
  {
    id: 'P16',
    what: 'a body that the schema refuses',
    expect: 'INVALID_MESSAGE',
    run: (broker, name) => broker.queue(name, { schema: refusing }).send({}),
  },
  {
    id: 'P16',
    what: 'a schema that throws',
    expect: 'INVALID_MESSAGE',
    run: (broker, name) => broker.queue(name, { schema: throwing }).send({}),
  },
]
