import assert from 'node:assert/strict'
import type { Letter, Message } from 'anybroker'
import type { Case, Context } from '../case.ts'
import { arrival } from './kit/arrivals.ts'
import { noise, sameBytes } from './kit/bytes.ts'
import { quick } from './kit/quick.ts'

/** What every broker takes: DESIGN, "Names, headers, sizes". */
const PORTABLE_BYTES = 180 * 1024
/** A stated limit above this is the vendor's word: sending it would take the heap and the time of the whole suite. */
const LARGEST_TO_SEND = 16 * 1024 * 1024

const text = (written: string) => new TextEncoder().encode(written)

/** Bodies that some broker, client or encoding is known to change. */
const ODD: readonly Uint8Array[] = [
  Uint8Array.of(0),
  Uint8Array.of(0, 0, 0),
  Uint8Array.of(65, 0, 66, 0),
  Uint8Array.from({ length: 256 }, (_, byte) => byte),
  // Not UTF-8: a cut sequence, an overlong one, a surrogate, a byte that never occurs.
  Uint8Array.of(0xc3),
  Uint8Array.of(0xc0, 0xaf, 0xe0, 0x80, 0xaf),
  Uint8Array.of(0xed, 0xa0, 0x80),
  Uint8Array.of(0xff, 0xfe, 0xfd),
  // Text that looks like something else: a byte order mark, line ends, base64, JSON, the marker that SQS needs for an empty body.
  text('\uFEFFmark'),
  text('a\r\nb\rc\n'),
  text('  padded\t'),
  text('aGVsbG8='),
  text('{"a":1}'),
  text('-'),
  text('null'),
  // Characters that XML forbids, and the beginning of a gzip file.
  text('\u0001\u000B\uFFFE'),
  Uint8Array.of(0x1f, 0x8b, 8, 0),
]

/** Sends each body to a queue and to a topic, and compares what arrives at a consumer of each. */
async function carries(t: Context, bodies: readonly Uint8Array[]): Promise<void> {
  const queue = t.broker.queue<Uint8Array>(t.name(), { codec: 'bytes' })
  const topic = t.broker.topic<Uint8Array>(t.name(), { codec: 'bytes' })
  const subscription = await topic.durableSubscription(t.name())
  const ofQueue = t.inbox<Uint8Array>()
  const ofTopic = t.inbox<Uint8Array>()
  await queue.consume(ofQueue.handler)
  await subscription.consume(ofTopic.handler)
  const sent = await queue.sendAll(bodies.map((body) => ({ body })))
  const published = await topic.publishAll(bodies.map((body) => ({ body })))
  for (const [index, body] of bodies.entries()) {
    sameBytes(await arrival(t, ofQueue, sent[index]?.id ?? ''), body)
    sameBytes(await arrival(t, ofTopic, published[index]?.id ?? ''), body)
  }
}

export const cases: readonly Case[] = [
  {
    clause: 'M1',
    name: 'an empty body arrives empty',
    run: (t) => carries(t, [new Uint8Array(0)]),
  },
  {
    clause: 'M1',
    name: 'zero bytes, every byte value and what is not UTF-8 arrive byte-equal',
    run: (t) => carries(t, ODD),
  },
  {
    clause: 'M1',
    name: 'a body of 180 KiB, the portable limit, arrives byte-equal',
    run: (t) => carries(t, [noise(PORTABLE_BYTES), new Uint8Array(PORTABLE_BYTES)]),
  },
  {
    clause: 'M1',
    name: 'with native limits a body of the stated limit arrives byte-equal',
    timeoutMs: 60_000,
    when: ({ capabilities: { M1 } }) =>
      M1.maxBytes <= LARGEST_TO_SEND || `the stated limit of ${M1.maxBytes} bytes is too large to send in a case`,
    run: async (t) => {
      const broker = await t.connect({ limits: 'native' })
      const queue = broker.queue<Uint8Array>(t.name(), { codec: 'bytes' })
      const inbox = t.inbox<Uint8Array>()
      await queue.consume(inbox.handler)
      const body = noise(broker.capabilities.M1.maxBytes)
      const { id } = await queue.send(body)
      sameBytes(await arrival(t, inbox, id, 30_000), body)
    },
  },
  {
    clause: 'M1',
    name: 'a body stays byte-equal over a retry, into the dead letters and back from them',
    run: async (t) => {
      const body = Uint8Array.from({ length: 512 }, (_, at) => 255 - (at % 256))
      const queue = t.broker.queue<Uint8Array>(t.name(), { codec: 'bytes', retry: quick })
      let handled = 0
      const inbox = t.inbox<Uint8Array>((delivery) => {
        handled += 1
        return handled === 1 ? delivery.retry({ delayMs: 0 }) : delivery.reject()
      })
      const worker = await queue.consume(inbox.handler)
      const { id } = await queue.send(body)
      for (const delivery of await inbox.count(2)) sameBytes(delivery, body)
      await worker.close()
      let letter: Pick<Message<unknown>, 'bytes' | 'body'> | undefined
      const look = (dead: Letter<Uint8Array>) => {
        letter = dead
        return true
      }
      await t.until(
        'the letter goes back',
        async () => (await queue.deadLetters.redrive({ where: look })).redriven >= 1,
      )
      assert.ok(letter !== undefined)
      sameBytes(letter, body)
      const again = t.inbox<Uint8Array>()
      await queue.consume(again.handler)
      sameBytes(await arrival(t, again, id), body)
    },
  },
  {
    clause: 'M1',
    name: 'a view into a larger buffer is sent alone, and the buffer may be used again once the send resolved',
    run: async (t) => {
      const queue = t.broker.queue<Uint8Array>(t.name(), { codec: 'bytes' })
      const buffer = Uint8Array.from({ length: 300 }, (_, at) => at % 256)
      const view = buffer.subarray(100, 164)
      const before = Uint8Array.from(view)
      const { id } = await queue.send(view)
      buffer.fill(0)
      const inbox = t.inbox<Uint8Array>()
      await queue.consume(inbox.handler)
      sameBytes(await arrival(t, inbox, id), before)
    },
  },
]
