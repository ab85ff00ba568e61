import assert from 'node:assert/strict'
import { BrokerError } from '@anybroker/driver'
import { SendAllError } from 'anybroker'
import type { Case } from '../case.ts'
import { arrivals, distinct } from './kit/arrivals.ts'

const PORTABLE_BYTES = 180 * 1024
/** A body above the stated limit is only made, never sent; beyond this even that is too much. */
const LARGEST_TO_MAKE = 256 * 1024 * 1024

/** That an error says too large, and provably not stored, with what is allowed and what there was. */
function tooLarge(error: unknown, limit: number, size: number): void {
  assert.ok(error instanceof BrokerError, `expected a BrokerError, got ${String(error)}`)
  assert.equal(error.code, 'MESSAGE_TOO_LARGE')
  assert.equal(error.outcome, 'refused')
  assert.equal(error.facts['limit'], limit)
  assert.equal(error.facts['size'], size)
}

export const cases: readonly Case[] = [
  {
    clause: 'M4',
    name: 'one byte above the portable limit is MESSAGE_TOO_LARGE with limit and size, before any I/O',
    run: async (t) => {
      // Nothing of that name exists and nothing may create it: whoever goes to the broker first gets NOT_FOUND instead.
      const queue = t.broker.queue<Uint8Array>(t.name(), { codec: 'bytes', provision: 'never' })
      const topic = t.broker.topic<Uint8Array>(t.name(), { codec: 'bytes', provision: 'never' })
      const body = new Uint8Array(PORTABLE_BYTES + 1)
      tooLarge(await t.rejects(queue.send(body), 'MESSAGE_TOO_LARGE'), PORTABLE_BYTES, body.byteLength)
      tooLarge(await t.rejects(topic.publish(body), 'MESSAGE_TOO_LARGE'), PORTABLE_BYTES, body.byteLength)
    },
  },
  {
    clause: 'M4',
    name: 'the size is that of the encoded body: quotes, escapes and UTF-8 count',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      const fits = 'ä'.repeat(PORTABLE_BYTES / 2 - 1)
      const { id } = await queue.send(fits)
      const error = await t.rejects(queue.send(`${fits}x`), 'MESSAGE_TOO_LARGE')
      tooLarge(error, PORTABLE_BYTES, PORTABLE_BYTES + 1)
      const [arrived] = await arrivals(t, inbox, [id])
      assert.equal(arrived?.body, fits)
    },
  },
  {
    clause: 'M4',
    name: 'nothing of a message that is too large arrives, and the next one does',
    run: async (t) => {
      const queue = t.broker.queue<Uint8Array>(t.name(), { codec: 'bytes' })
      const inbox = t.inbox<Uint8Array>()
      await queue.consume(inbox.handler)
      await t.rejects(queue.send(new Uint8Array(4 * PORTABLE_BYTES), { id: t.name('large') }), 'MESSAGE_TOO_LARGE')
      const { id } = await queue.send(Uint8Array.of(1))
      await arrivals(t, inbox, [id])
      await t.quiet()
      assert.deepEqual(
        distinct(inbox).map((delivery) => delivery.id),
        [id],
      )
    },
  },
  {
    clause: 'M4',
    name: 'in a sendAll only the one that is too large is refused',
    run: async (t) => {
      const queue = t.broker.queue<Uint8Array>(t.name(), { codec: 'bytes' })
      const inbox = t.inbox<Uint8Array>()
      await queue.consume(inbox.handler)
      const sizes = [1, PORTABLE_BYTES + 1, 2]
      const error = await t.rejects(
        queue.sendAll(sizes.map((size) => ({ body: new Uint8Array(size) }))),
        'MESSAGE_TOO_LARGE',
      )
      assert.ok(error instanceof SendAllError)
      assert.deepEqual(
        error.outcomes.map((outcome) => outcome.as),
        ['confirmed', 'refused', 'confirmed'],
      )
      const [first, refused, last] = error.outcomes
      assert.ok(refused?.as === 'refused')
      tooLarge(refused.error, PORTABLE_BYTES, PORTABLE_BYTES + 1)
      await arrivals(t, inbox, [first?.id ?? '', last?.id ?? ''])
    },
  },
  {
    clause: 'M4',
    name: 'with native limits the limit is the one that the driver states',
    when: ({ capabilities: { M1 } }) =>
      M1.maxBytes <= LARGEST_TO_MAKE || `a body above the stated limit of ${M1.maxBytes} bytes is too large to make`,
    run: async (t) => {
      const broker = await t.connect({ limits: 'native' })
      const limit = broker.capabilities.M1.maxBytes
      const queue = broker.queue<Uint8Array>(t.name(), { codec: 'bytes', provision: 'never' })
      const body = new Uint8Array(limit + 1)
      tooLarge(await t.rejects(queue.send(body), 'MESSAGE_TOO_LARGE'), limit, body.byteLength)
    },
  },
  {
    clause: 'M4',
    name: 'with native limits a body above the portable limit goes where the driver takes it',
    when: ({ capabilities: { M1 } }) =>
      M1.maxBytes >= 2 * PORTABLE_BYTES || `this broker takes ${M1.maxBytes} bytes, about what is portable`,
    run: async (t) => {
      const broker = await t.connect({ limits: 'native' })
      const queue = broker.queue<Uint8Array>(t.name(), { codec: 'bytes' })
      const inbox = t.inbox<Uint8Array>()
      await queue.consume(inbox.handler)
      const { id } = await queue.send(new Uint8Array(PORTABLE_BYTES + 1))
      const [arrived] = await arrivals(t, inbox, [id])
      assert.equal(arrived?.bytes.byteLength, PORTABLE_BYTES + 1)
    },
  },
]
