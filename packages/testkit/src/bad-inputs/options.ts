import type { BadInput, BadInputBroker, BadInputQueue } from './bad-input.ts'

const NOT_OBJECTS: readonly (readonly [what: string, options: unknown])[] = [
  ['null', null],
  ['a number', 3],
  ['a string', 'fast'],
  ['an array', []],
  ['a function', () => ({})],
]
const NOT_COUNTS: readonly (readonly [what: string, value: unknown])[] = [
  ['zero', 0],
  ['a negative number', -1],
  ['a fraction', 1.5],
  ['NaN', Number.NaN],
  ['a string', '5'],
  ['Infinity', Infinity],
  ['null', null],
]
const NOT_FUNCTIONS: readonly (readonly [what: string, value: unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['an object', { handle: () => {} }],
  ['a promise', Promise.resolve(() => {})],
  ['a string', 'handler'],
]

const NOT_LISTS: readonly (readonly [what: string, value: unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['a number', 5],
  ['an object', { body: 1 }],
]

type Rows = readonly BadInput<BadInputBroker>[]
const handler = () => {}
const refused = (
  id: string,
  what: string,
  run: BadInput<BadInputBroker>['run'],
  names?: string,
): BadInput<BadInputBroker> => ({
  id,
  what,
  run,
  expect: 'TypeError',
  ...(names === undefined ? {} : { names }),
})
const thrown = (
  id: string,
  what: string,
  run: BadInput<BadInputBroker>['run'],
  names?: string,
): BadInput<BadInputBroker> => ({
  ...refused(id, what, run, names),
  how: 'throws',
})

const UNKNOWN: Rows = [
  thrown('O1', 'queue: an option that there is not', (broker, name) => broker.queue(name, { retires: {} }), 'retry'),
  thrown('O1', 'topic: an option that there is not', (broker, name) => broker.topic(name, { retry: {} }), 'retry'),
  refused(
    'O1',
    'send: an option that there is not',
    (broker, name) => broker.queue(name).send({}, { header: {} }),
    'headers',
  ),
  refused(
    'O1',
    'publish: naming a subscriber (T4)',
    (broker, name) => broker.topic(name).publish({}, { to: 'billing' }),
    'to',
  ),
  refused(
    'O1',
    'consume: an option that there is not',
    (broker, name) => broker.queue(name).consume(handler, { concurency: 2 }),
    'concurrency',
  ),
  refused(
    'O1',
    'consume: a consumer group',
    (broker, name) => broker.queue(name).consume(handler, { group: 'a' }),
    'group',
  ),
  refused(
    'O1',
    'consume: an unknown part of retry',
    (broker, name) => broker.queue(name).consume(handler, { retry: { attempts: 3 } }),
    'attempts',
  ),
  refused(
    'O1',
    'durableSubscription: an option that there is not',
    (broker, name) => broker.topic(name).durableSubscription('billing', { filters: {} }),
    'filter',
  ),
  refused(
    'O1',
    'redrive: an option that there is not',
    (broker, name) => broker.queue(name).deadLetters.redrive({ limit: 1 }),
    'limit',
  ),
  thrown('O1', 'receive: concurrency', (broker, name) => broker.queue(name).receive({ concurrency: 2 }), 'concurrency'),
]

const OBJECTS: Rows = NOT_OBJECTS.flatMap(([what, options]) => [
  thrown('O7', `queue: options: ${what}`, (broker, name) => broker.queue(name, options)),
  thrown('O7', `topic: options: ${what}`, (broker, name) => broker.topic(name, options)),
  refused('O7', `send: options: ${what}`, (broker, name) => broker.queue(name).send({}, options)),
  refused('O7', `consume: options: ${what}`, (broker, name) => broker.queue(name).consume(handler, options)),
  thrown('O7', `receive: options: ${what}`, (broker, name) => broker.queue(name).receive(options)),
  refused('O7', `depth: options: ${what}`, (broker, name) => broker.queue(name).depth(options)),
  refused('O7', `redrive: options: ${what}`, (broker, name) => broker.queue(name).deadLetters.redrive(options)),
])

const CONSUMING: readonly (readonly [option: string, values: readonly (readonly [string, unknown])[]])[] = [
  ['concurrency', [...NOT_COUNTS, ['1,001', 1001]]],
  ['maxUnsettled', [...NOT_COUNTS, ['1,001', 1001], ['65,536', 65_536]]],
  ['maxBytes', NOT_COUNTS],
  ['leaseMs', [...NOT_COUNTS, ['999', 999], ['more than 12 hours', 43_200_001]]],
  ['maxHandlerMs', NOT_COUNTS],
  ['drainMs', NOT_COUNTS.filter(([what]) => what !== 'zero')],
  [
    'signal',
    [
      ['an object', { aborted: true }],
      ['null', null],
    ],
  ],
  [
    'retry',
    [
      ['a number', 3],
      ['null', null],
      ['an array', []],
    ],
  ],
]

const CONSUME: Rows = [
  ...CONSUMING.flatMap(([option, values]) =>
    values.flatMap(([what, value]) => [
      refused(
        'O2',
        `consume: ${option}: ${what}`,
        (broker, name) => broker.queue(name).consume(handler, { [option]: value }),
        option,
      ),
      ...(option === 'concurrency'
        ? []
        : [
            thrown(
              'O2',
              `receive: ${option}: ${what}`,
              (broker, name) => broker.queue(name).receive({ [option]: value }),
              option,
            ),
          ]),
    ]),
  ),
  ...NOT_COUNTS.map(([what, value]) =>
    refused(
      'O2',
      `consumeBatch: maxBatch: ${what}`,
      (broker, name) => broker.queue(name).consumeBatch(handler, { maxBatch: value }),
      'maxBatch',
    ),
  ),
  refused(
    'O3',
    'consume: maxUnsettled below concurrency',
    (broker, name) => broker.queue(name).consume(handler, { concurrency: 5, maxUnsettled: 4 }),
    'maxUnsettled',
  ),
  refused(
    'O8',
    'consume: onDeadLetter that is no function',
    (broker, name) => broker.queue(name).consume(handler, { onDeadLetter: 'log' }),
    'onDeadLetter',
  ),
  ...NOT_FUNCTIONS.flatMap(([what, value]) => [
    refused('O8', `consume: handler: ${what}`, (broker, name) => broker.queue(name).consume(value), 'handler'),
    refused(
      'O8',
      `consumeBatch: handler: ${what}`,
      (broker, name) => broker.queue(name).consumeBatch(value),
      'handler',
    ),
    refused('O8', `subscribe: handler: ${what}`, (broker, name) => broker.topic(name).subscribe(value), 'handler'),
  ]),
]

const RETRYING: readonly (readonly [what: string, retry: object, names: string])[] = [
  ['maxAttempts: zero', { maxAttempts: 0 }, 'maxAttempts'],
  ['maxAttempts: 101', { maxAttempts: 101 }, 'maxAttempts'],
  ['maxAttempts: Infinity', { maxAttempts: Infinity }, 'maxAttempts'],
  ['maxAttempts: a string', { maxAttempts: '3' }, 'maxAttempts'],
  ['backoff: a number', { backoff: 1000 }, 'backoff'],
  ['backoff.initialMs: negative', { backoff: { initialMs: -1 } }, 'initialMs'],
  ['backoff.factor: below 1', { backoff: { factor: 0.5 } }, 'factor'],
  ['backoff.factor: NaN', { backoff: { factor: Number.NaN } }, 'factor'],
  ['backoff.jitter: above 1', { backoff: { jitter: 2 } }, 'jitter'],
  ['backoff.maxMs: a fraction', { backoff: { maxMs: 0.5 } }, 'maxMs'],
  ['retryIf: a boolean', { retryIf: true }, 'retryIf'],
  ['onRetry: something else', { onRetry: 'later' }, 'onRetry'],
  ['exhausted: something else', { exhausted: 'ignore' }, 'exhausted'],
]

const RETRY: Rows = RETRYING.flatMap(([what, retry, names]) => [
  thrown('O2', `queue: retry.${what}`, (broker, name) => broker.queue(name, { retry }), names),
  refused('O2', `consume: retry.${what}`, (broker, name) => broker.queue(name).consume(handler, { retry }), names),
  refused(
    'O2',
    `durableSubscription: retry.${what}`,
    (broker, name) => broker.topic(name).durableSubscription('billing', { retry }),
    names,
  ),
])

const ENTITY_OPTIONS: readonly (readonly [what: string, options: object, names: string])[] = [
  ['codec: something else', { codec: 'xml' }, 'codec'],
  ['codec: half of one', { codec: { encode: handler } }, 'codec'],
  ['schema: something else', { schema: {} }, 'schema'],
  ['schema: a class', { schema: Map }, 'schema'],
  ['schema: a later version', { schema: { '~standard': { version: 2, vendor: 'x', validate: handler } } }, 'schema'],
  ['ordering: something else', { ordering: 'total' }, 'ordering'],
  ['ordering: a boolean', { ordering: true }, 'ordering'],
  ['provision: something else', { provision: 'always' }, 'provision'],
  ['native: a number', { native: 1 }, 'native'],
]

const ENTITIES: Rows = [
  ...ENTITY_OPTIONS.flatMap(([what, options, names]) => [
    thrown('O2', `queue: ${what}`, (broker, name) => broker.queue(name, options), names),
    thrown('O2', `topic: ${what}`, (broker, name) => broker.topic(name, options), names),
  ]),
  thrown('O5', 'the same queue with other options', (broker, name) => {
    broker.queue(name, { ordering: 'key' })
    return broker.queue(name, { ordering: 'none' })
  }),
]

const FILTERS: readonly (readonly [what: string, filter: unknown])[] = [
  ['a string', 'region = eu'],
  ['null', null],
  ['an array', [{ region: 'eu' }]],
  ['a key that is no header', { 'a b': 'eu' }],
  ['a reserved header', { 'ab-id': 'x' }],
  ['a number', { region: 1 }],
  ['an empty list', { region: [] }],
  ['a list with a number', { region: ['eu', 1] }],
  ['an unknown operator', { region: { suffix: 'eu' } }],
  ['two operators at once', { region: { prefix: 'eu', exists: true } }],
  ['a prefix that is no string', { region: { prefix: 1 } }],
  ['exists: a string', { region: { exists: 'yes' } }],
  ['a lone surrogate', { region: '\uD800' }],
]

const SUBSCRIPTIONS: Rows = [
  ...FILTERS.flatMap(([what, filter]) => [
    refused(
      'F1',
      `durableSubscription: filter: ${what}`,
      (broker, name) => broker.topic(name).durableSubscription('billing', { filter }),
      'filter',
    ),
    refused(
      'F1',
      `subscribe: filter: ${what}`,
      (broker, name) => broker.topic(name).subscribe(handler, { filter }),
      'filter',
    ),
  ]),
  refused(
    'F2',
    'durableSubscription: from: something else',
    (broker, name) => broker.topic(name).durableSubscription('billing', { from: 'start' }),
    'from',
  ),
  refused(
    'F2',
    'durableSubscription: from: a Date',
    (broker, name) => broker.topic(name).durableSubscription('billing', { from: new Date() }),
    'from',
  ),
]

type Asked = (queue: BadInputQueue) => unknown
const ASKED: readonly (readonly [what: string, run: Asked, names: string])[] = [
  ['peek: max: zero', (queue) => queue.peek({ max: 0 }), 'max'],
  ['peek: max: 1,001', (queue) => queue.peek({ max: 1001 }), 'max'],
  ['peek: max: a string', (queue) => queue.peek({ max: '10' }), 'max'],
  ['depth: exact: a string', (queue) => queue.depth({ exact: 'yes' }), 'exact'],
  ['depth: timeoutMs: zero', (queue) => queue.depth({ timeoutMs: 0 }), 'timeoutMs'],
  ['purge: timeoutMs: a string', (queue) => queue.purge({ timeoutMs: '5' }), 'timeoutMs'],
  ['delete: signal: an object', (queue) => queue.delete({ signal: {} }), 'signal'],
  ['open: timeoutMs: negative', (queue) => queue.open({ timeoutMs: -1 }), 'timeoutMs'],
  ['count: timeoutMs: NaN', (queue) => queue.deadLetters.count({ timeoutMs: Number.NaN }), 'timeoutMs'],
  ['redrive: max: zero', (queue) => queue.deadLetters.redrive({ max: 0 }), 'max'],
  ['redrive: max: a fraction', (queue) => queue.deadLetters.redrive({ max: 1.5 }), 'max'],
  ['redrive: where: a string', (queue) => queue.deadLetters.redrive({ where: 'all' }), 'where'],
  ['redrive: change: an object', (queue) => queue.deadLetters.redrive({ change: { body: 1 } }), 'change'],
]

const ADMIN: Rows = [
  ...ASKED.map(([what, run, names]) => refused('O2', what, (broker, name) => run(broker.queue(name)), names)),
  thrown(
    'O2',
    'receive: untilEmpty: a string',
    (broker, name) => broker.queue(name).receive({ untilEmpty: 'yes' }),
    'untilEmpty',
  ),
  ...NOT_LISTS.map(([what, messages]) =>
    refused('B2', `sendAll: messages: ${what}`, (broker, name) => broker.queue(name).sendAll(messages)),
  ),
  refused(
    'B2',
    'sendAll: until: something else',
    (broker, name) => broker.queue(name).sendAll([{ body: 1 }], { until: 'sent' }),
    'until',
  ),
  refused(
    'B2',
    'sendAll: an option of a single message',
    (broker, name) => broker.queue(name).sendAll([{ body: 1 }], { key: 'a' }),
    'key',
  ),
  thrown('L5', 'on: an event that there is not', (broker) => broker.on('disconnect', handler)),
  thrown('L5', 'on: a listener that is no function', (broker) => broker.on('disconnected', 'log')),
]

/** Options of everything but single messages. */
export const OPTIONS: Rows = [...UNKNOWN, ...OBJECTS, ...CONSUME, ...RETRY, ...ENTITIES, ...SUBSCRIPTIONS, ...ADMIN]
