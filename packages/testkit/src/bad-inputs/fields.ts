import type { BadInput, BadInputBroker } from './bad-input.ts'

const NOT_STRINGS: readonly (readonly [what: string, value: unknown])[] = [
  ['null', null],
  ['a number', 7],
  ['an object', {}],
  ['a String object', Object('a')],
  ['a Buffer', Buffer.from('a')],
]
const EMPTY_OR_WRONG: typeof NOT_STRINGS = [...NOT_STRINGS, ['an empty string', '']]
const OUTSIDE: typeof NOT_STRINGS = [
  ['a negative number', -1],
  ['a fraction', 1.5],
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['a string', '5'],
  ['null', null],
  ['a bigint', 5n],
  ['more than a safe integer', 2 ** 53],
]

type Row = readonly [id: string, option: string, values: typeof NOT_STRINGS]

const FIELDS_OF_SEND: readonly Row[] = [
  [
    'K1',
    'key',
    [
      ...EMPTY_OR_WRONG,
      ['a space', 'a b'],
      ['a newline', 'a\n'],
      ['an umlaut', 'grün'],
      ['a lone surrogate', '\uD800'],
      ['129 characters', 'k'.repeat(129)],
    ],
  ],
  ['K5', 'id', [...EMPTY_OR_WRONG, ['a dot', 'a.b'], ['a space', 'a b'], ['129 characters', 'i'.repeat(129)]]],
  ['K5', 'dedupId', [...EMPTY_OR_WRONG, ['a slash', 'a/b'], ['129 characters', 'd'.repeat(129)]]],
  [
    'K6',
    'correlationId',
    [...EMPTY_OR_WRONG, ['a lone surrogate', '\uD800'], ['10,000 characters', 'c'.repeat(10_000)]],
  ],
  ['K6', 'replyTo', [...EMPTY_OR_WRONG, ['a lone surrogate', '\uD800'], ['10,000 characters', 'r'.repeat(10_000)]]],
  ['K6', 'contentType', [...EMPTY_OR_WRONG, ['10,000 characters', 't'.repeat(10_000)]]],
  ['K6', 'traceparent', [...EMPTY_OR_WRONG, ['10,000 characters', 't'.repeat(10_000)]]],
  ['K7', 'expiresInMs', [...OUTSIDE, ['zero', 0]]],
  ['K7', 'delayMs', OUTSIDE],
  ['K7', 'at', [...NOT_STRINGS, ['an invalid Date', new Date(Number.NaN)], ['a string', '2030-01-01']]],
  ['K7', 'timeoutMs', [...OUTSIDE, ['zero', 0], ['more than a day', 86_400_001]]],
  ['O4', 'until', [...NOT_STRINGS, ['what Kafka calls it', 'all'], ['a boolean', true]]],
  [
    'O9',
    'signal',
    [
      ['null', null],
      ['an object', { aborted: false }],
      ['a controller', new AbortController()],
    ],
  ],
]

/** Options of `send` and `publish`: keys, ids, times. */
export const FIELDS: readonly BadInput<BadInputBroker>[] = [
  ...FIELDS_OF_SEND.flatMap(([id, option, values]) =>
    values.flatMap(([what, value]): readonly BadInput<BadInputBroker>[] => [
      {
        id,
        what: `send: ${option}: ${what}`,
        expect: 'TypeError',
        names: option,
        run: (broker, name) => broker.queue(name).send({}, { [option]: value }),
      },
      {
        id,
        what: `publish: ${option}: ${what}`,
        expect: 'TypeError',
        names: option,
        run: (broker, name) => broker.topic(name).publish({}, { [option]: value }),
      },
    ]),
  ),
  {
    id: 'K2',
    what: 'a key where there is no ordering',
    expect: 'TypeError',
    names: 'ordering',
    run: (broker, name) => broker.queue(name).send({}, { key: 'customer-7' }),
  },
  {
    id: 'K7',
    what: 'delayMs and at',
    expect: 'TypeError',
    names: 'delayMs',
    run: (broker, name) => broker.queue(name).send({}, { delayMs: 1, at: new Date() }),
  },
  ...['partition', 'priority', 'userId', 'expiration', 'persistent', 'acks'].map(
    (option): BadInput<BadInputBroker> => ({
      id: 'K4',
      what: `an option of one broker: ${option}`,
      expect: 'TypeError',
      names: option,
      run: (broker, name) => broker.queue(name).send({}, { [option]: 1 }),
    }),
  ),
  {
    id: 'R4',
    what: 'request: an option that it sets itself',
    expect: 'TypeError',
    names: 'replyTo',
    run: (broker, name) => broker.queue(name).request({}, { replyTo: 'me' }),
  },
  {
    id: 'R4',
    what: 'request: timeoutMs: zero',
    expect: 'TypeError',
    names: 'timeoutMs',
    run: (broker, name) => broker.queue(name).request({}, { timeoutMs: 0 }),
  },
]
