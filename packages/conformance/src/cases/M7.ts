import assert from 'node:assert/strict'
import { BrokerError } from '@anybroker/driver'
import type { Codec, StandardSchemaV1 } from 'anybroker'
import type { Case } from '../case.ts'
import { arrival } from './kit/arrivals.ts'
import { readLetters } from './kit/letters.ts'
import { quick } from './kit/quick.ts'

type Validate<T> = StandardSchemaV1<unknown, T>['~standard']['validate']

function schemaOf<T>(validate: Validate<T>): StandardSchemaV1<unknown, T> {
  return { '~standard': { version: 1, vendor: 'conformance', validate } }
}

interface Order {
  readonly id: number
}

const isOrder = (value: unknown): value is Order =>
  typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'number'

const refusal = { issues: [{ message: 'must be a number', path: ['id'] }] }
const orderSchema = schemaOf<Order>((value) => (isOrder(value) ? { value } : refusal))

/** What JSON carries, and what comes back of it. */
const LOSSLESS: readonly unknown[] = [
  'text',
  '',
  '\u0000 "quotes" \\ \u2028 😀',
  0,
  -1.5,
  1e21,
  Number.MAX_SAFE_INTEGER,
  5e-324,
  true,
  false,
  null,
  [],
  {},
  [[], [null], { a: [] }],
  { constructor: 1, toString: 2, '': 3, '😀': 4, nested: { a: { b: { c: [1, 'two', null] } } } },
]

class Money {
  readonly amount = 1
}

function cyclic(): unknown {
  const one: Record<string, unknown> = {}
  one['self'] = { one }
  return one
}

/** What `JSON.stringify` would drop, change or throw on. */
const LOSSY: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined],
  ['undefined inside', { a: undefined }],
  ['undefined in a list', [undefined]],
  ['a hole', [, 1]], // oxlint-disable-line no-sparse-arrays -- It is what is refused.
  ['a function', () => 1],
  ['a symbol', Symbol('s')],
  ['a symbol as key', { [Symbol('s')]: 1 }],
  ['NaN', Number.NaN],
  ['NaN inside', { a: { b: [Number.NaN] } }],
  ['Infinity', -Infinity],
  ['a BigInt', 10n],
  ['a Date', { at: new Date(0) }],
  ['a Map', new Map([['a', 1]])],
  ['a Set', { of: new Set([1]) }],
  ['bytes', Uint8Array.of(1)],
  ['a Buffer', { file: Buffer.from('a') }],
  ['an Error', new Error('no')],
  ['a class instance', new Money()],
  ['a String object', new String('boxed')],
  ['a toJSON', { toJSON: () => 1 }],
  ['a cycle', cyclic()],
  ['a promise', Promise.resolve(1)],
  [
    'a getter that throws',
    {
      get a() {
        throw new Error('never')
      },
    },
  ],
]

const upper: Codec<string> = {
  name: 'upper',
  contentType: 'text/x-upper',
  encode: (value) => {
    if (value === 'unspeakable') throw new RangeError('no word for it')
    return new TextEncoder().encode(value.toUpperCase())
  },
  decode: (bytes) => {
    const text = new TextDecoder().decode(bytes)
    if (text !== text.toUpperCase()) throw new RangeError('not upper case')
    return text.toLowerCase()
  },
}

export const cases: readonly Case[] = [
  {
    clause: 'M7',
    name: 'JSON is the default and brings back what was sent',
    run: async (t) => {
      const queue = t.broker.queue(t.name())
      const inbox = t.inbox<unknown>()
      await queue.consume(inbox.handler)
      for (const body of LOSSLESS) {
        const delivery = await arrival(t, inbox, (await queue.send(body)).id)
        assert.deepEqual(delivery.body, body)
        assert.deepEqual(JSON.parse(new TextDecoder().decode(delivery.bytes)), body)
      }
    },
  },
  {
    clause: 'M7',
    name: 'what JSON would lose is refused as INVALID_MESSAGE before any I/O',
    run: async (t) => {
      // Nothing of that name exists and nothing may create it: whoever goes to the broker first gets NOT_FOUND instead.
      const queue = t.broker.queue(t.name(), { provision: 'never' })
      const topic = t.broker.topic(t.name(), { provision: 'never' })
      for (const [what, body] of LOSSY) {
        const errors = [
          await t.rejects(queue.send(body), 'INVALID_MESSAGE'),
          await t.rejects(topic.publish(body), 'INVALID_MESSAGE'),
        ]
        for (const { outcome } of errors) assert.equal(outcome, 'refused', what)
      }
    },
  },
  {
    clause: 'M7',
    name: 'a refused body says where it is wrong, and costs its neighbours nothing',
    run: async (t) => {
      const queue = t.broker.queue(t.name())
      const inbox = t.inbox<unknown>()
      await queue.consume(inbox.handler)
      const error = await t.rejects(queue.send({ order: { lines: [1, new Date(0)] } }), 'INVALID_MESSAGE')
      assert.match(error.message, /order\.lines\[1\]/)
      await t.rejects(queue.sendAll([{ body: 'a' }, { body: 10n }, { body: 'b' }]), 'INVALID_MESSAGE')
      await t.until('the neighbours arrive', () => ['a', 'b'].every((body) => inbox.bodies.includes(body)))
    },
  },
  {
    clause: 'M7',
    name: 'a schema checks what is sent: INVALID_MESSAGE before any I/O, with what it said',
    run: async (t) => {
      const queue = t.broker.queue<Order>(t.name(), { schema: orderSchema, provision: 'never' })
      const topic = t.broker.topic<Order>(t.name(), { schema: orderSchema, provision: 'never' })
      const wrong = { id: '1' } as unknown as Order
      const error = await t.rejects(queue.send(wrong), 'INVALID_MESSAGE')
      assert.equal(error.outcome, 'refused')
      assert.match(error.message, /id/)
      assert.match(error.message, /must be a number/)
      await t.rejects(topic.publish(wrong), 'INVALID_MESSAGE')
    },
  },
  {
    clause: 'M7',
    name: 'a schema checks what is received: what does not fit is a dead letter, its neighbours flow',
    run: async (t) => {
      const foreign = await t.connect()
      const queue = t.broker.queue<Order>(t.name(), { schema: orderSchema, retry: quick })
      const inbox = t.inbox<Order>()
      await queue.consume(inbox.handler)
      const unchecked = foreign.queue(queue.name)
      const { id } = await unchecked.send({ id: 'one' })
      await unchecked.send({ id: 2 })
      await inbox.count(1)
      const [letter] = await readLetters(t, queue, 1)
      assert.equal(letter?.id, id)
      assert.equal(letter?.dead?.reason, 'invalid')
      assert.match(letter?.dead?.error ?? '', /must be a number/)
      assert.ok(inbox.bodies.every((body) => body.id === 2))
    },
  },
  {
    clause: 'M7',
    name: 'what the codec can not decode is a dead letter with its bytes, its neighbours flow',
    run: async (t) => {
      const foreign = await t.connect()
      const topic = t.broker.topic(t.name())
      const subscription = await topic.durableSubscription(t.name(), { retry: quick })
      const inbox = t.inbox<unknown>()
      await subscription.consume(inbox.handler)
      const bytes = foreign.topic<Uint8Array>(topic.name, { codec: 'bytes' })
      const broken = new TextEncoder().encode('{"id": 1')
      const notText = Uint8Array.of(0x22, 0xff, 0x22)
      const forged = new TextEncoder().encode('{"a": {"__proto__": {"admin": true}}}')
      const bad = [await bytes.publish(broken), await bytes.publish(notText), await bytes.publish(forged)]
      await topic.publish('good')
      await inbox.count(1)
      const letters = await readLetters(t, subscription, 3)
      assert.deepEqual(letters.map((letter) => letter.id).toSorted(), bad.map((sent) => sent.id).toSorted())
      for (const letter of letters) {
        assert.equal(letter.dead?.reason, 'undecodable')
        assert.equal(letter.body, undefined)
      }
      const brokenLetter = letters.find((letter) => letter.id === bad[0]?.id)
      assert.deepEqual([...(brokenLetter?.bytes ?? [])], [...broken])
      assert.ok(inbox.bodies.every((body) => body === 'good'))
    },
  },
  {
    clause: 'M7',
    name: 'what the schema returns is what is sent, and what is delivered',
    run: async (t) => {
      const foreign = await t.connect()
      const trimming = schemaOf<{ name: string; seen: number }>((value) => {
        const { name, seen } = value as { name: string; seen?: number }
        return { value: { name: name.trim(), seen: (seen ?? 0) + 1 } }
      })
      const sender = t.broker.queue<{ name: string; seen: number }>(t.name(), { schema: trimming })
      const raw = t.inbox<unknown>()
      const plain = foreign.queue(sender.name)
      const worker = await plain.consume(raw.handler)
      const { id } = await sender.send({ name: '  Ada ' } as { name: string; seen: number })
      assert.deepEqual((await arrival(t, raw, id)).body, { name: 'Ada', seen: 1 })
      await worker.close()
      const checked = t.inbox<{ name: string; seen: number }>()
      await sender.consume(checked.handler)
      const second = await plain.send({ name: 'Bob ' })
      assert.deepEqual((await arrival(t, checked, second.id)).body, { name: 'Bob', seen: 1 })
    },
  },
  {
    clause: 'M7',
    name: 'a schema may take its time, and one that throws refuses',
    run: async (t) => {
      const slow = schemaOf<Order>(async (value) => {
        await t.quiet(10)
        if (isOrder(value) && value.id === 13) throw new RangeError('unlucky')
        return isOrder(value) ? { value } : refusal
      })
      const queue = t.broker.queue<Order>(t.name(), { schema: slow })
      const inbox = t.inbox<Order>()
      await queue.consume(inbox.handler)
      await t.rejects(queue.send({} as Order), 'INVALID_MESSAGE')
      const error = await t.rejects(queue.send({ id: 13 }), 'INVALID_MESSAGE')
      assert.match(error.message, /unlucky/)
      const { id } = await queue.send({ id: 7 })
      assert.deepEqual((await arrival(t, inbox, id)).body, { id: 7 })
    },
  },
  {
    clause: 'M7',
    name: 'the codec text takes strings and nothing else',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name(), { codec: 'text' })
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      for (const body of ['', 'grüße 😀', '\uFEFFmark', '{"a":1}']) {
        const delivery = await arrival(t, inbox, (await queue.send(body)).id)
        assert.equal(delivery.body, body)
        assert.equal(new TextDecoder('utf-8', { ignoreBOM: true }).decode(delivery.bytes), body)
      }
      for (const body of ['\uD800', 7, null, {}, Uint8Array.of(65)])
        await t.rejects(queue.send(body as string), 'INVALID_MESSAGE')
    },
  },
  {
    clause: 'M7',
    name: 'the codec bytes takes bytes and nothing else',
    run: async (t) => {
      const queue = t.broker.queue<Uint8Array>(t.name(), { codec: 'bytes', provision: 'never' })
      for (const body of ['text', 7, null, {}, [1, 2], new Blob(['a'])])
        await t.rejects(queue.send(body as unknown as Uint8Array), 'INVALID_MESSAGE')
    },
  },
  {
    clause: 'M7',
    name: 'an own codec encodes, names the content type, decodes and may refuse at both ends',
    run: async (t) => {
      const foreign = await t.connect()
      const queue = t.broker.queue<string>(t.name(), { codec: upper, retry: quick })
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      const delivery = await arrival(t, inbox, (await queue.send('hello')).id)
      assert.equal(delivery.body, 'hello')
      assert.equal(new TextDecoder().decode(delivery.bytes), 'HELLO')
      assert.equal(delivery.contentType, 'text/x-upper')
      const error = await t.rejects(queue.send('unspeakable'), 'INVALID_MESSAGE')
      assert.ok(error instanceof BrokerError)
      assert.match(error.message, /no word for it/)
      const { id } = await foreign.queue<string>(queue.name, { codec: 'text' }).send('lower')
      const [letter] = await readLetters(t, queue, 1)
      assert.equal(letter?.id, id)
      assert.equal(letter?.dead?.reason, 'undecodable')
      assert.match(letter?.dead?.error ?? '', /not upper case/)
    },
  },
]
