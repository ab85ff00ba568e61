import assert from 'node:assert/strict'
import { BrokerError } from '@anybroker/driver'
import type { Queue, SendOptions } from 'anybroker'
import type { Case, Context } from '../case.ts'
import { gate } from './kit/gate.ts'
import { quick } from './kit/quick.ts'
import { whenNone } from '../when.ts'

type RequestOptions = Omit<SendOptions, 'until' | 'replyTo' | 'correlationId'>

/** Long enough for a request to reach its responder, short enough to be waited for. */
const SHORT_MS = 600

/** A queue that nobody serves yet, and a requester whose inbox is open: a first request, to another queue, paid for that. */
async function served(t: Context): Promise<Queue<string>> {
  const other = t.broker.queue<string>(t.name('warm'))
  const warm = await other.consume((delivery) => delivery.reply('warm'))
  await t.within(other.request('warm'), 'the first reply')
  await warm.close()
  const queue = t.broker.queue<string>(t.name())
  await queue.open()
  return queue
}

export const cases: readonly Case[] = [
  {
    clause: 'R4',
    name: 'a request resolves with the reply: body, headers, correlation',
    run: async (t) => {
      const service = await t.connect({ source: 'pricing' })
      const queue = t.broker.queue<{ item: string }>(t.name())
      const asked = t.inbox<{ item: string }>(async (delivery) => {
        await delivery.reply({ price: 40, of: delivery.body }, { headers: { currency: 'eur' } })
      })
      await service.queue<{ item: string }>(queue.name).consume(asked.handler)
      const asking = queue.request<unknown>({ item: 'tea' }, { headers: { tenant: 'acme' } })
      const reply = await t.within(asking, 'the reply')
      assert.deepEqual(reply.body, { price: 40, of: { item: 'tea' } })
      assert.deepEqual({ ...reply.headers }, { currency: 'eur' })
      assert.equal(reply.source, 'pricing')
      const [request] = asked.deliveries
      assert.ok(request !== undefined)
      assert.equal(typeof request.replyTo, 'string')
      assert.equal(typeof request.correlationId, 'string')
      assert.equal(reply.correlationId, request.correlationId)
      assert.deepEqual({ ...request.headers }, { tenant: 'acme' })
    },
  },
  {
    clause: 'R4',
    name: 'requests at the same time each get their own reply, in whatever order these come',
    run: async (t) => {
      const queue = await served(t)
      const waiting = new Map<string, () => Promise<unknown>>()
      let answered = false
      const all = t.inbox<string>(async (delivery) => {
        const answer = () => delivery.reply(`re: ${delivery.body}`)
        if (answered) await answer()
        else waiting.set(delivery.body, answer)
        if (answered || waiting.size < 10) return
        // Answers backwards: nobody gets a reply before everybody has asked.
        answered = true
        for (const each of [...waiting.values()].toReversed()) await each()
      })
      await queue.consume(all.handler, { concurrency: 10 })
      const bodies = Array.from({ length: 10 }, (_, index) => `question ${index}`)
      const replies = await t.within(Promise.all(bodies.map((body) => queue.request(body))), 'ten replies')
      assert.deepEqual(
        replies.map((reply) => reply.body),
        bodies.map((body) => `re: ${body}`),
      )
    },
  },
  {
    clause: 'R4',
    name: 'a reply goes to the one who asked',
    run: async (t) => {
      const [one, other] = [await t.connect(), await t.connect()]
      const name = t.name()
      await t.broker.queue<string>(name).consume((delivery) => delivery.reply(`to ${delivery.body}`))
      const asks = ['one', 'other', 'one', 'other'].map((body) =>
        (body === 'one' ? one : other).queue<string>(name).request(body),
      )
      const replies = await t.within(Promise.all(asks), 'a reply to each')
      assert.deepEqual(
        replies.map((reply) => reply.body),
        ['to one', 'to other', 'to one', 'to other'],
      )
    },
  },
  {
    clause: 'R4',
    name: 'without a reply it rejects with TIMEOUT, not before its time',
    run: async (t) => {
      const queue = await served(t)
      const from = performance.now()
      await t.rejects(queue.request('anybody?', { timeoutMs: SHORT_MS }), 'TIMEOUT')
      const waited = performance.now() - from
      assert.ok(waited >= SHORT_MS - 2, `gave up after ${waited} of ${SHORT_MS} ms`)
    },
  },
  {
    clause: 'R4',
    name: 'a reply that comes too late is ignored, and the next request gets its own',
    run: async (t) => {
      const queue = await served(t)
      const held = gate(t)
      const inbox = t.inbox<string>(async (delivery) => {
        if (delivery.body === 'slow') await held.opened
        await delivery.reply(`re: ${delivery.body}`)
      })
      const worker = await queue.consume(inbox.handler, { concurrency: 2 })
      const slow = queue.request('slow', { timeoutMs: SHORT_MS * (t.harness.slowness ?? 1) })
      await t.rejects(slow, 'TIMEOUT')
      await inbox.count(1)
      held.open()
      await t.until('the late reply is sent', () => worker.stats.acked >= 1)
      await t.quiet()
      assert.equal((await queue.request('quick')).body, 're: quick')
    },
  },
  {
    clause: 'R4',
    name: 'a second reply to one request is ignored',
    run: async (t) => {
      const queue = await served(t)
      await queue.consume(async (delivery) => {
        await delivery.reply(`first: ${delivery.body}`)
        await delivery.reply(`second: ${delivery.body}`)
      })
      for (const body of ['a', 'b', 'c']) {
        // An inbox has no order: either may be there first.
        const reply = await queue.request<string>(body)
        assert.ok([`first: ${body}`, `second: ${body}`].includes(reply.body), `${body} got the reply ${reply.body}`)
      }
    },
  },
  {
    clause: 'R4',
    name: 'a responder that fails at first is retried, and its reply still finds the way',
    run: async (t) => {
      const queue = await served(t)
      let failures = 0
      const inbox = t.inbox<string>(async (delivery) => {
        failures += 1
        if (failures === 1) throw new Error('not yet')
        await delivery.reply('at last')
      })
      await queue.consume(inbox.handler, { retry: quick })
      assert.equal((await queue.request('please')).body, 'at last')
      const [first, second] = inbox.deliveries
      assert.equal(second?.replyTo, first?.replyTo)
      assert.equal(second?.correlationId, first?.correlationId)
    },
  },
  {
    clause: 'R4',
    name: 'replyTo and correlationId are ordinary fields: a message without replyTo has nobody to reply to',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const inbox = t.inbox<string>()
      const held = gate(t)
      await queue.consume(async (delivery) => {
        await inbox.handler(delivery)
        await held.opened
      })
      await queue.send('no reply, please', { correlationId: 'c-1' })
      const [delivery] = await inbox.count(1)
      assert.ok(delivery !== undefined)
      assert.equal(delivery.correlationId, 'c-1')
      await t.rejects(delivery.reply('to whom?'), 'TypeError')
      held.open()
    },
  },
  {
    clause: 'R4',
    name: 'a reply is checked like a send: what JSON would lose is refused, and the request may still be answered',
    run: async (t) => {
      const queue = await served(t)
      const refused = Promise.withResolvers<unknown>()
      await queue.consume(async (delivery) => {
        refused.resolve(await delivery.reply({ at: new Date(0) }).catch((error: unknown) => error))
        await delivery.reply('fine')
      })
      assert.equal((await queue.request('when?')).body, 'fine')
      const error = await refused.promise
      assert.ok(error instanceof BrokerError, `expected a BrokerError, got ${String(error)}`)
      assert.equal(error.code, 'INVALID_MESSAGE')
    },
  },
  {
    clause: 'R4',
    name: 'a request takes neither replyTo nor correlationId nor until: they are its own',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name(), { provision: 'never' })
      for (const options of [{ replyTo: 'me' }, { correlationId: 'c-1' }, { until: 'buffered' }, { timeoutMs: 0 }])
        await t.rejects(queue.request('a', options as RequestOptions), 'TypeError')
    },
  },
  {
    clause: 'R4',
    name: 'where it is none, a request is UNSUPPORTED at once',
    when: whenNone('R4'),
    run: async (t) => {
      await t.rejects(t.broker.queue<string>(t.name()).request('a'), 'UNSUPPORTED')
    },
  },
]
