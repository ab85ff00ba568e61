import assert from 'node:assert/strict'
import type { Letter, Message } from 'anybroker'
import type { Case, Context } from '../case.ts'
import { sameBytes } from './kit/bytes.ts'
import { assertAttempt } from './kit/grades.ts'
import { readLetters } from './kit/letters.ts'
import { quick } from './kit/quick.ts'

type Given = Readonly<Record<string, string>>

const text = (written: string) => new TextEncoder().encode(written)

/** What the portable rule forbids our own senders and every broker lets a foreign client write. */
const ODD_HEADERS: Given = {
  constructor: 'c',
  toString: 't',
  hasOwnProperty: 'h',
  '1st': 'begins with a digit',
  _private: 'begins with an underscore',
  Tenant: 'acme',
  long: 'v'.repeat(1000),
  unicode: 'grüße 😀',
}

/** A letter of the alphabet soup: nothing that XML forbids, so that SQS, too, lets a foreign client send it. */
const TEXT = text('{"half": "a JSON document", \n\t grüße 😀 <&>')

async function foreign(t: Context, queue: string, body: Uint8Array, headers: Given = {}): Promise<void> {
  assert.ok(t.harness.foreignSend !== undefined, 'a case with foreign messages must say needs: [foreignSend]')
  // Without a prototype, so that a harness which hands it on as it is forges none.
  const bare = Object.assign(Object.create(null) as Record<string, string>, headers)
  await t.harness.foreignSend(queue, { body, headers: bare })
}

/** That each header that was sent is there, as it was sent. A broker may add its own. */
function keepsHeaders({ headers }: Pick<Message<unknown>, 'headers'>, sent: Given): void {
  for (const [key, value] of Object.entries(sent)) {
    assert.ok(Object.hasOwn(headers, key), `the header ${key} is lost`)
    assert.equal(headers[key], value, `the header ${key} changed`)
  }
  assert.equal(Object.getPrototypeOf(headers), null, 'headers must have no prototype')
}

export const cases: readonly Case[] = [
  {
    clause: 'M5',
    name: 'a foreign message arrives with its text and no headers of ours',
    needs: ['foreignSend'],
    run: async (t) => {
      const queue = t.broker.queue<Uint8Array>(t.name(), { codec: 'bytes' })
      await queue.open()
      await foreign(t, queue.name, TEXT)
      const inbox = t.inbox<Uint8Array>()
      await queue.consume(inbox.handler)
      const [delivery] = await inbox.count(1)
      assert.ok(delivery !== undefined)
      sameBytes(delivery, TEXT)
      assert.deepEqual(
        Object.keys(delivery.headers).filter((key) => key.startsWith('ab-')),
        [],
      )
      assertAttempt(t, delivery.attempt, 1)
      assert.notEqual(delivery.id, '')
      assert.ok(Number.isFinite(delivery.sentAt.getTime()), 'sentAt must be a valid date')
      for (const field of ['key', 'correlationId', 'replyTo', 'source', 'traceparent', 'expiresAt', 'dead'] as const)
        assert.equal(delivery[field], undefined, `a foreign message has no ${field}`)
    },
  },
  {
    clause: 'M5',
    name: 'a foreign message arrives with headers that our own rule forbids',
    needs: ['foreignSend'],
    run: async (t) => {
      const queue = t.broker.queue<Uint8Array>(t.name(), { codec: 'bytes' })
      const inbox = t.inbox<Uint8Array>()
      await queue.consume(inbox.handler)
      await foreign(t, queue.name, TEXT, ODD_HEADERS)
      const [delivery] = await inbox.count(1)
      assert.ok(delivery !== undefined)
      sameBytes(delivery, TEXT)
      keepsHeaders(delivery, ODD_HEADERS)
    },
  },
  {
    clause: 'M5',
    name: 'a foreign header that only looks like one of ours arrives too',
    needs: ['foreignSend'],
    run: async (t) => {
      const queue = t.broker.queue<Uint8Array>(t.name(), { codec: 'bytes' })
      const inbox = t.inbox<Uint8Array>()
      await queue.consume(inbox.handler)
      // An A/B test names its variants so; none of these is a field of ours.
      const headers = { 'ab-test': 'b', 'ab-variant': 'green', 'AB-Test-Id': '7' }
      await foreign(t, queue.name, TEXT, headers)
      const [delivery] = await inbox.count(1)
      assert.ok(delivery !== undefined)
      keepsHeaders(delivery, headers)
    },
  },
  {
    clause: 'M5',
    name: 'a foreign body that is no text arrives byte-equal',
    needs: ['foreignSend'],
    run: async (t) => {
      const queue = t.broker.queue<Uint8Array>(t.name(), { codec: 'bytes' })
      const inbox = t.inbox<Uint8Array>()
      await queue.consume(inbox.handler)
      const body = Uint8Array.from({ length: 256 }, (_, byte) => byte)
      await foreign(t, queue.name, body, { kind: 'binary' })
      const [delivery] = await inbox.count(1)
      assert.ok(delivery !== undefined)
      sameBytes(delivery, body)
      keepsHeaders(delivery, { kind: 'binary' })
    },
  },
  {
    clause: 'M5',
    name: 'a foreign message is decoded, retried, dead-lettered and redriven like ours, and loses nothing on the way',
    needs: ['foreignSend'],
    run: async (t) => {
      const queue = t.broker.queue<{ a: number }>(t.name(), { retry: quick })
      const inbox = t.inbox<{ a: number }>(() => {
        throw new Error('no')
      })
      const worker = await queue.consume(inbox.handler)
      const body = text(' {"a": 1.0}\n')
      await foreign(t, queue.name, body, ODD_HEADERS)
      await t.until('it is dead', () => worker.stats.deadLettered >= 1)
      assert.ok(inbox.deliveries.length > 1, 'it was not retried')
      for (const delivery of inbox.deliveries) {
        assert.deepEqual(delivery.body, { a: 1 })
        assert.deepEqual([...delivery.bytes], [...body])
        keepsHeaders(delivery, ODD_HEADERS)
      }
      await worker.close()
      const dead: Letter<{ a: number }>[] = []
      const where = (letter: Letter<{ a: number }>) => dead.push(letter) > 0
      await t.until('the letter goes back', async () => (await queue.deadLetters.redrive({ where })).redriven >= 1)
      const again = t.inbox<{ a: number }>()
      await queue.consume(again.handler)
      const [back] = await again.count(1)
      for (const message of [dead.at(-1), back]) {
        assert.ok(message !== undefined)
        assert.deepEqual([...message.bytes], [...body])
        keepsHeaders(message, ODD_HEADERS)
      }
    },
  },
  {
    clause: 'M5',
    name: 'a foreign message that the codec does not understand is a dead letter with all its bytes and headers',
    needs: ['foreignSend'],
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name(), { retry: quick })
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await foreign(t, queue.name, TEXT, ODD_HEADERS)
      const [letter] = await readLetters(t, queue, 1)
      assert.ok(letter !== undefined)
      assert.equal(letter.dead?.reason, 'undecodable')
      assert.deepEqual([...letter.bytes], [...TEXT])
      keepsHeaders(letter, ODD_HEADERS)
      assert.deepEqual(inbox.bodies, [])
    },
  },
]
