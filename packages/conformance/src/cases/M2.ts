import assert from 'node:assert/strict'
import type { Message } from 'anybroker'
import type { Case, Context } from '../case.ts'
import { arrival } from './kit/arrivals.ts'
import { readLetters } from './kit/letters.ts'
import { quick } from './kit/quick.ts'

type Given = Readonly<Record<string, string>>

const LONGEST_KEY = 'k'.padEnd(128, 'K')

/** 32, the most there may be: what objects inherit, what brokers treat specially, the longest. */
const KEYS: readonly string[] = [
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'isPrototypeOf',
  'toJSON',
  'then',
  'length',
  'id',
  'key',
  'delay',
  'priority',
  'messageId',
  'content-type',
  'Content-Length',
  'a',
  'Z9',
  'a.b',
  'a..b',
  'a.',
  'a-',
  'a_b-c.d',
  'traceparent',
  'tracestate',
  'CamelCase',
  LONGEST_KEY,
  ...Array.from({ length: 6 }, (_, index) => `h${index}`),
]

const VALUES: Given = {
  empty: '',
  blank: ' ',
  padded: '  both sides \t',
  lines: 'a\nb\r\nc\r',
  controls: '\u0001\u0007\u001B\u007F\u0085',
  zero: 'a\u0000b',
  emoji: '👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿',
  composed: '\u00E9 and e\u0301',
  bidi: 'abc \u202E def \u200B',
  noncharacters: '\uFFFE\uFFFF\u{10FFFF}',
  mark: '\uFEFFmark',
  quotes: `"'\\%2e\${x}{{y}}&amp;<`,
  number: '007',
  word: 'null',
  list: '["a","b"]',
}

const LONGEST: Given = {
  letters: 'x'.repeat(1024),
  emoji: '😀'.repeat(256),
  umlauts: 'ä'.repeat(512),
}

/** Exactly 8 KiB of names and values. */
const EIGHT_KIB: Given = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`h${index}`, 'v'.repeat(1022)]))

function sameHeaders({ headers }: Pick<Message<unknown>, 'headers'>, sent: Given): void {
  // A copy with the usual prototype: the one that headers must not have is looked at by itself.
  assert.deepEqual({ ...headers }, sent)
  assert.equal(Object.getPrototypeOf(headers), null, 'headers must have no prototype')
}

/** Sends these headers to a queue and to a topic, and compares what arrives at a consumer of each. */
async function carries(t: Context, sets: readonly Given[]): Promise<void> {
  const queue = t.broker.queue<string>(t.name())
  const topic = t.broker.topic<string>(t.name())
  const subscription = await topic.durableSubscription(t.name())
  const ofQueue = t.inbox<string>()
  const ofTopic = t.inbox<string>()
  await queue.consume(ofQueue.handler)
  await subscription.consume(ofTopic.handler)
  for (const headers of sets) {
    const sent = await queue.send('a', { headers })
    const published = await topic.publish('b', { headers })
    sameHeaders(await arrival(t, ofQueue, sent.id), headers)
    sameHeaders(await arrival(t, ofTopic, published.id), headers)
  }
}

const REFUSED_KEYS: readonly string[] = [
  '',
  ' ',
  '1st',
  '_a',
  '.a',
  'a b',
  'a:b',
  'a\n',
  'a\u0000',
  'ä',
  '__proto__',
  'k'.repeat(129),
  'ab-id',
  'AB-anything',
  'x-death',
  'X-Custom',
  'googclient',
  'GOOG-x',
  'aws.x',
  'AWSTraceHeader',
  'Amazon.x',
]

const REFUSED_VALUES: readonly unknown[] = [
  undefined,
  null,
  1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  true,
  10n,
  Symbol('s'),
  ['a'],
  { a: 1 },
  new Date(0),
  new String('boxed'),
  Uint8Array.of(65),
  () => 'a',
  'x'.repeat(1025),
  'ä'.repeat(513),
  '\uD800',
  'a\uDC00b',
]

const REFUSED_SETS: readonly unknown[] = [
  [],
  ['a'],
  'a=b',
  null,
  1,
  new Date(0),
  new (class Headers {
    readonly a = 'b'
  })(),
  new Map<unknown, unknown>([[1, 'a']]),
  { Twice: 'a', twice: 'b' },
  Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`h${index}`, 'v'])),
  { ...EIGHT_KIB, one: '' },
]

export const cases: readonly Case[] = [
  {
    clause: 'M2',
    name: '32 headers with the oddest names that the rule allows arrive',
    run: (t) => carries(t, [Object.fromEntries(KEYS.map((key, index) => [key, `value ${index}`]))]),
  },
  {
    clause: 'M2',
    name: 'any valid Unicode value arrives unchanged: empty, padded, controls, line ends, emoji',
    run: (t) => carries(t, [VALUES]),
  },
  {
    clause: 'M2',
    name: 'values of 1,024 bytes and headers of 8 KiB in all arrive',
    run: (t) => carries(t, [LONGEST, EIGHT_KIB]),
  },
  {
    clause: 'M2',
    name: 'no headers arrive as none, and nothing is inherited',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      const sent = [await queue.send('a'), await queue.send('b', { headers: {} })]
      for (const { id } of sent) {
        const delivery = await arrival(t, inbox, id)
        sameHeaders(delivery, {})
        assert.equal(delivery.headers['constructor'], undefined)
        assert.equal(delivery.headers['__proto__'], undefined)
      }
    },
  },
  {
    clause: 'M2',
    name: 'headers may come as a Map or without a prototype, and are copied at the call',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      const map = new Map([['from', 'map']])
      const bare = Object.assign(Object.create(null) as Record<string, string>, { from: 'bare' })
      const sends = [queue.send('a', { headers: map }), queue.send('b', { headers: bare })]
      map.set('late', 'x')
      bare['late'] = 'x'
      const [first, second] = await Promise.all(sends)
      sameHeaders(await arrival(t, inbox, first?.id ?? ''), { from: 'map' })
      sameHeaders(await arrival(t, inbox, second?.id ?? ''), { from: 'bare' })
    },
  },
  {
    clause: 'M2',
    name: 'headers stay over a retry and in the dead letters',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name(), { retry: quick })
      const inbox = t.inbox<string>(() => {
        throw new Error('no')
      })
      await queue.consume(inbox.handler)
      await queue.send('a', { headers: VALUES })
      const [letter] = await readLetters(t, queue, 1)
      assert.ok(inbox.deliveries.length > 1, 'it was not retried')
      for (const delivery of inbox.deliveries) sameHeaders(delivery, VALUES)
      assert.ok(letter !== undefined)
      sameHeaders(letter, VALUES)
    },
  },
  {
    clause: 'M2',
    name: 'what the portable rule forbids is a TypeError before any I/O, one bad header enough',
    run: async (t) => {
      // Nothing of that name exists and nothing may create it: whoever goes to the broker first gets NOT_FOUND instead.
      const queue = t.broker.queue<string>(t.name(), { provision: 'never' })
      const topic = t.broker.topic<string>(t.name(), { provision: 'never' })
      const sets: unknown[] = [
        ...REFUSED_KEYS.map((key) =>
          Object.fromEntries([
            ['fine', 'a'],
            [key, 'b'],
          ]),
        ),
        ...REFUSED_VALUES.map((value) => ({ fine: 'a', odd: value })),
        ...REFUSED_SETS,
      ]
      for (const headers of sets) {
        await t.rejects(queue.send('a', { headers: headers as Given }), 'TypeError')
        await t.rejects(topic.publish('a', { headers: headers as Given }), 'TypeError')
      }
    },
  },
  {
    clause: 'M2',
    name: 'a refused header says which one and leaves the queue working',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      const error = await t.rejects(queue.send('bad', { headers: { good: 'a', tenant: '\uD800' } }), 'TypeError')
      assert.match(error.message, /tenant/)
      const { id } = await queue.send('good', { headers: { tenant: 'a' } })
      await arrival(t, inbox, id)
      assert.ok(inbox.bodies.every((body) => body === 'good'))
    },
  },
]
