import assert from 'node:assert/strict'
import type { Codec } from 'anybroker'
import type { Case } from '../case.ts'
import { whenAll } from '../when.ts'
import { assertEach, untilEach } from './kit/grades.ts'
import { readLetters } from './kit/letters.ts'
import { orderSchema, type Order } from './kit/order-schema.ts'
import { quick } from './kit/quick.ts'

const utf8 = new TextEncoder()

/** Bytes that are no JSON, or not the JSON that they seem to be. */
const UNDECODABLE: readonly (readonly [string, Uint8Array])[] = [
  ['nothing', new Uint8Array()],
  ['half an object', utf8.encode('{"id":1,')],
  ['prose', utf8.encode('hello')],
  ['a bare NaN', utf8.encode('NaN')],
  ['a zero byte', Uint8Array.of(0)],
  ['not UTF-8', Uint8Array.of(0x22, 0xff, 0xfe, 0x22)],
  ['two values', utf8.encode('{} {}')],
  ['a stray comma', utf8.encode('[1,2,]')],
]

export const cases: readonly Case[] = [
  {
    clause: 'D8',
    name: 'what cannot be decoded is dead at once with the reason, byte-equal, and its neighbours flow',
    async run(t) {
      const name = t.name('undecodable')
      const raw = (await t.connect()).queue<Uint8Array>(name, { codec: 'bytes' })
      const queue = t.broker.queue<unknown>(name, { retry: quick })
      for (const [which, body] of UNDECODABLE) {
        await queue.send(`before ${which}`)
        await raw.send(body, { headers: { which } })
      }
      await queue.send('the last')
      const inbox = t.inbox<unknown>()
      const worker = await queue.consume(inbox.handler, { concurrency: 2 })
      const neighbours = [...UNDECODABLE.map(([which]) => `before ${which}`), 'the last']
      await untilEach(t, () => inbox.bodies.map(String), neighbours)
      await t.until('all poison dead', () => worker.stats.deadLettered >= UNDECODABLE.length)
      await t.quiet()
      assertEach(t, inbox.bodies.map(String), neighbours, 'poison reached no handler')

      const letters = await readLetters(t, queue, UNDECODABLE.length)
      for (const [which, body] of UNDECODABLE) {
        const letter = letters.find(({ headers }) => headers['which'] === which)
        assert.ok(letter, `${which} is among the dead letters`)
        assert.equal(letter.body, undefined, 'what cannot be decoded has no body')
        assert.deepEqual([...letter.bytes], [...body], `${which} is byte-equal`)
        assert.equal(letter.dead?.reason, 'undecodable')
        assert.ok((letter.dead.error ?? '').length > 0, `${which}: what the codec said`)
        assert.equal(letter.dead.origin, name)
      }
    },
  },
  {
    clause: 'D8',
    name: 'what a schema refuses is dead at once with what it said, and its neighbours flow',
    async run(t) {
      const name = t.name('invalid')
      const loose = (await t.connect()).queue<unknown>(name)
      const queue = t.broker.queue<Order>(name, { schema: orderSchema, retry: quick })
      await loose.sendAll([
        { body: { id: 1, total: 10 } },
        { body: { id: 2, total: 'ten' } },
        { body: { id: 3, total: 30 } },
        { body: null },
        { body: { id: 5, total: 50, more: true } },
      ])
      const inbox = t.inbox<Order>()
      const worker = await queue.consume(inbox.handler)
      await untilEach(t, () => inbox.bodies.map(({ id }) => String(id)), ['1', '3', '5'])
      await t.until('the others dead', () => worker.stats.deadLettered >= 2)
      assertEach(
        t,
        inbox.bodies.map(({ id }) => String(id)),
        ['1', '3', '5'],
        'only what is valid reached the handler',
      )
      const five = inbox.bodies.find(({ id }) => id === 5)
      assert.deepEqual(five, { id: 5, total: 50 }, 'the handler gets what the schema returned')
      const letters = await readLetters(t, queue, 2)
      for (const letter of letters) assert.equal(letter.dead?.reason, 'invalid')
      const said = letters.map(({ dead }) => dead?.error ?? '').join('\n')
      assert.match(said, /total must be a number/)
      assert.match(said, /an order is an object/)
    },
  },
  {
    clause: 'D8',
    name: 'more poison than fits into the window does not block what is behind it',
    async run(t) {
      const name = t.name('flood')
      const raw = (await t.connect()).queue<string>(name, { codec: 'text' })
      const queue = t.broker.queue<{ readonly n: number }>(name, { retry: quick })
      await raw.sendAll(Array.from({ length: 40 }, (_, n) => ({ body: `{poison ${n}` })))
      await queue.sendAll([{ body: { n: 1 } }, { body: { n: 2 } }])
      const inbox = t.inbox<{ readonly n: number }>()
      const worker = await queue.consume(inbox.handler, { maxUnsettled: 5, concurrency: 1 })
      await t.until('what is behind', () => new Set(inbox.bodies.map(({ n }) => n)).size === 2)
      await t.until('all poison dead', () => worker.stats.deadLettered >= 40)
      assert.equal(worker.stats.retried, 0, 'poison is not retried')
      await readLetters(t, queue, 40)
    },
  },
  {
    clause: 'D8',
    name: 'a codec or a schema that throws, whatever it throws, is poison and no crash',
    async run(t) {
      const name = t.name('throws')
      let receiving = false
      const codec: Codec<string> = {
        name: 'touchy',
        contentType: 'text/plain',
        encode: (value) => utf8.encode(value),
        decode(bytes) {
          const text = new TextDecoder().decode(bytes)
          const thrown: unknown = text === 'null' ? null : new Error('the codec choked')
          if (text !== 'fine' && text !== 'rejects') throw thrown
          return text
        },
      }
      const queue = t.broker.queue<string>(name, {
        codec,
        retry: quick,
        schema: {
          '~standard': {
            version: 1,
            vendor: 'conformance',
            validate: async (value) => {
              if (value === 'rejects' && receiving) throw new Error('the schema choked')
              return { value: String(value) }
            },
          },
        },
      })
      await queue.sendAll(['chokes', 'null', 'rejects', 'fine'].map((body) => ({ body })))
      receiving = true
      const inbox = t.inbox<string>()
      const worker = await queue.consume(inbox.handler)
      await t.until('the neighbour', () => inbox.bodies.includes('fine'))
      await t.until('the others dead', () => worker.stats.deadLettered >= 3)
      assertEach(t, inbox.bodies, ['fine'], 'only one reached the handler')
      const letters = await readLetters(t, queue, 3)
      const reasons = letters.map(({ bytes, dead }) => `${new TextDecoder().decode(bytes)}: ${dead?.reason}`)
      assert.deepEqual(reasons.toSorted(), ['chokes: undecodable', 'null: undecodable', 'rejects: invalid'])
    },
  },
  {
    clause: 'D8',
    name: 'poison in a batch is taken out, and the batch goes on without it',
    async run(t) {
      const name = t.name('batch')
      const raw = (await t.connect()).queue<string>(name, { codec: 'text' })
      const queue = t.broker.queue<number>(name, { retry: quick })
      await raw.sendAll(['1', 'poison', '2', '{', '3'].map((body) => ({ body })))
      const seen: number[] = []
      const worker = await queue.consumeBatch(
        (batch) => {
          assert.ok(batch.length > 0, 'no empty batch')
          seen.push(...batch.map(({ body }) => body))
        },
        { maxBatch: 5 },
      )
      await untilEach(t, () => seen.map(String), ['1', '2', '3'])
      await t.until('the poison', () => worker.stats.deadLettered >= 2)
      assertEach(t, seen.map(String), ['1', '2', '3'], 'the batches had what can be decoded')
      await readLetters(t, queue, 2)
    },
  },
  {
    clause: 'D8',
    name: 'poison does not block its key',
    when: whenAll('D8', 'O1'),
    async run(t) {
      const name = t.name('key')
      const raw = (await t.connect()).queue<string>(name, { codec: 'text', ordering: 'key' })
      for (const body of ['1', 'poison', '2', 'poison too', '3']) await raw.send(body, { key: 'k' })
      const queue = t.broker.queue<number>(name, { ordering: 'key', retry: quick })
      const inbox = t.inbox<number>()
      const worker = await queue.consume(inbox.handler, { concurrency: 3 })
      await t.until('its key flows', () => worker.stats.acked >= 3)
      assert.deepEqual([...new Set(inbox.bodies)], [1, 2, 3])
      await readLetters(t, queue, 2)
    },
  },
  {
    clause: 'D8',
    name: 'a foreign message that cannot be decoded is poison like any other',
    needs: ['foreignSend'],
    async run(t) {
      const { foreignSend } = t.harness
      assert.ok(foreignSend)
      const name = t.name('foreign')
      const queue = t.broker.queue<unknown>(name, { retry: quick })
      await queue.open()
      const body = utf8.encode('<order id="1"/>')
      await foreignSend.call(t.harness, name, { body, headers: { from: 'elsewhere' } })
      await foreignSend.call(t.harness, name, { body: utf8.encode('"fine"'), headers: {} })
      const inbox = t.inbox<unknown>()
      const worker = await queue.consume(inbox.handler)
      await t.until('its neighbour', () => inbox.bodies.includes('fine'))
      await t.until('it is dead', () => worker.stats.deadLettered >= 1)
      assertEach(t, inbox.bodies.map(String), ['fine'], 'it reached no handler')
      const [letter] = await readLetters(t, queue, 1)
      assert.deepEqual([...(letter?.bytes ?? [])], [...body])
      assert.equal(letter?.dead?.reason, 'undecodable')
      assert.equal(letter.headers['from'], 'elsewhere')
    },
  },
]
