import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import type { Case, Context } from '../case.ts'
import { ack } from './kit/ack.ts'
import {
  brokerCalls,
  CLAUSE_OF_CALL,
  deadLetterCalls,
  queueCalls,
  subscriptionCalls,
  topicCalls,
  type Given,
} from './kit/every-call.ts'
import { gate } from './kit/gate.ts'

type Calls = Readonly<Record<string, (given?: Given) => Promise<unknown>>>

/** A signal, and how many listen to it. */
function abortable(): {
  readonly signal: AbortSignal
  readonly abort: (reason: unknown) => void
  readonly listeners: () => number
} {
  const controller = new AbortController()
  const { signal } = controller
  return {
    signal,
    abort: (reason) => controller.abort(reason),
    listeners: () => getEventListeners(signal, 'abort').length,
  }
}

/** The calls that this driver can do at all. */
function able({ capabilities }: Context, calls: Calls): Calls {
  const can = Object.entries(calls).filter(([name]) => {
    const clause = CLAUSE_OF_CALL[name]
    return clause === undefined || capabilities[clause].grade !== 'none'
  })
  return Object.fromEntries(can)
}

/** What became of a call that may have been aborted: nothing else than its result or the very reason. */
async function ended(t: Context, what: string, work: Promise<unknown>, reason: unknown): Promise<'done' | 'aborted'> {
  const [outcome] = await t.within(Promise.allSettled([work]), `${what} ends after its abort`)
  if (outcome.status === 'fulfilled') return 'done'
  assert.equal(outcome.reason, reason, `${what} rejected with something else than the reason of its signal`)
  return 'aborted'
}

/** Each of these rejects with the reason of a signal that was aborted before, whatever that is, and listens to nothing. */
async function refuseAborted(t: Context, of: string, calls: Calls): Promise<void> {
  for (const [name, call] of Object.entries(able(t, calls))) {
    for (const reason of [new Error('enough'), 'enough', undefined]) {
      const { signal, abort, listeners } = abortable()
      abort(reason)
      const became = await ended(t, `${of}.${name}()`, call({ signal }), signal.reason)
      assert.equal(became, 'aborted', `${of}.${name}() resolved although its signal was aborted before`)
      assert.equal(listeners(), 0, `${of}.${name}() left a listener on an aborted signal`)
    }
  }
}

/** Lets work get as far as it does in `steps` turns: microtasks first, then turns of the event loop. */
async function after(steps: number): Promise<void> {
  for (let step = 0; step < Math.min(steps, 6); step += 1) await Promise.resolve()
  for (let step = 6; step < steps; step += 1) await turn()
}

export const cases: readonly Case[] = [
  {
    clause: 'C3',
    name: 'every call rejects with the reason of a signal that is aborted already',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const topic = t.broker.topic<string>(t.name())
      const subscription = await topic.durableSubscription(t.name())
      await queue.open()
      await refuseAborted(t, 'queue', queueCalls(queue))
      await refuseAborted(t, 'queue.deadLetters', deadLetterCalls(queue.deadLetters))
      await refuseAborted(t, 'topic', topicCalls(topic))
      await refuseAborted(t, 'subscription', subscriptionCalls(subscription))
      await refuseAborted(t, 'subscription.deadLetters', deadLetterCalls(subscription.deadLetters))
      await refuseAborted(t, 'broker', brokerCalls(t.broker))
    },
  },
  {
    clause: 'C3',
    name: 'such a call did nothing: nothing was sent, taken, dropped or deleted',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      await queue.send('kept')
      const { signal, abort } = abortable()
      abort('enough')
      await Promise.allSettled(Object.values(able(t, queueCalls(queue))).map((call) => call({ signal })))
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await inbox.count(1)
      await t.quiet()
      assert.deepEqual([...new Set(inbox.bodies)], ['kept'])
    },
  },
  {
    clause: 'C3',
    name: 'calls that end well leave no listener on a signal that lives on',
    run: async (t) => {
      const { signal, listeners } = abortable()
      const queue = t.broker.queue<string>(t.name())
      const topic = t.broker.topic<string>(t.name())
      await queue.open({ signal })
      await queue.send('a', { signal })
      await queue.sendAll([{ body: 'a' }, { body: 'b' }], { signal })
      await topic.publish('a', { signal })
      const subscription = await topic.durableSubscription(t.name(), { signal })
      const calls: Calls = {
        depth: queueCalls(queue).depth,
        peek: queueCalls(queue).peek,
        purge: queueCalls(queue).purge,
      }
      for (const call of Object.values(able(t, calls))) await call({ signal })
      await queue.deadLetters.redrive({ signal })
      const worker = await queue.consume(() => {}, { signal })
      await worker.close()
      const loop = subscription.receive({ signal })
      const waiting = loop[Symbol.asyncIterator]().next()
      await loop.close()
      await waiting
      await subscription.unsubscribe({ signal })
      await queue.delete({ signal })
      assert.equal(listeners(), 0)
    },
  },
  {
    clause: 'C3',
    name: 'a send that is aborted on its way, at any point, resolves or rejects with the reason, and its neighbours arrive',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      await queue.open()
      const confirmed: string[] = []
      for (let steps = 0; steps < 20; steps += 1) {
        const { signal, abort, listeners } = abortable()
        const reason = new Error(`after ${steps} steps`)
        const neighbour = queue.send(`neighbour ${steps}`)
        const sending = queue.send(`aborted ${steps}`, { signal })
        await after(steps)
        abort(reason)
        if ((await ended(t, 'send', sending, reason)) === 'done') confirmed.push(`aborted ${steps}`)
        await neighbour
        confirmed.push(`neighbour ${steps}`)
        assert.equal(listeners(), 0, 'send left a listener')
      }
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler, { concurrency: 10 })
      await t.until('all that was confirmed arrives', () => confirmed.every((body) => inbox.bodies.includes(body)))
    },
  },
  {
    clause: 'C3',
    name: 'a send that is aborted while the queue is being opened rejects with the reason, and the next one opens it',
    run: async (t) => {
      for (let steps = 0; steps < 8; steps += 1) {
        const queue = t.broker.queue<string>(t.name())
        const { signal, abort, listeners } = abortable()
        const sending = queue.send('aborted', { signal })
        await after(steps)
        abort('enough')
        await ended(t, 'send', sending, 'enough')
        assert.equal(listeners(), 0, 'send left a listener')
        await queue.send('next')
        const inbox = t.inbox<string>()
        await queue.consume(inbox.handler)
        await t.until('the next one arrives', () => inbox.bodies.includes('next'))
      }
    },
  },
  {
    clause: 'C3',
    name: 'a consumer that is aborted on its way, at any point, loses no delivery',
    timeoutMs: 60_000,
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      await queue.open()
      const bodies = Array.from({ length: 8 }, (_, index) => `message ${index}`)
      const handled = t.inbox<string>()
      for (const [index, body] of bodies.entries()) {
        const { signal, abort, listeners } = abortable()
        const opening = queue.consume(handled.handler, { signal, leaseMs: 1_000 })
        const sending = queue.send(body)
        await after(index * 3)
        abort('enough')
        if ((await ended(t, 'consume', opening, 'enough')) === 'done')
          await t.within((await opening).done, 'an aborted consumer closes')
        await sending
        assert.equal(listeners(), 0, 'consume left a listener')
      }
      await queue.consume(handled.handler)
      await t.until('all arrive', () => bodies.every((body) => handled.bodies.includes(body)), 20_000)
    },
  },
  {
    clause: 'C3',
    name: 'a loop that is aborted while it waits ends, and what comes after goes to somebody else',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      await queue.open()
      const bodies = Array.from({ length: 5 }, (_, index) => `message ${index}`)
      const taken: string[] = []
      for (const [index, body] of bodies.entries()) {
        const { signal, abort, listeners } = abortable()
        const loop = queue.receive({ signal, leaseMs: 1_000 })
        const reading = (async () => {
          for await (const delivery of loop) {
            if (await ack(t, delivery)) taken.push(delivery.body)
          }
        })()
        // Looked at by `ended`, which may be later than it rejects.
        reading.catch(() => {})
        await t.quiet(index * 20)
        const sending = queue.send(body)
        await after(index * 3)
        abort('enough')
        await ended(t, 'the loop', reading, 'enough')
        await sending
        await loop.close()
        assert.equal(listeners(), 0, 'receive left a listener')
      }
      const inbox = t.inbox<string>()
      await queue.consume(inbox.handler)
      await t.until(
        'all arrive here or there',
        () => bodies.every((body) => taken.includes(body) || inbox.bodies.includes(body)),
        20_000,
      )
    },
  },
  {
    clause: 'C3',
    name: 'a signal that aborts later closes the consumer like close: handlers end, nothing is lost',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const held = gate(t)
      const inbox = t.inbox<string>(() => held.opened)
      const { signal, abort, listeners } = abortable()
      const worker = await queue.consume(inbox.handler, { signal })
      await queue.sendAll([{ body: 'a' }, { body: 'b' }])
      await inbox.count(1)
      abort('enough')
      await t.quiet()
      held.open()
      await t.within(worker.done, 'the consumer is done')
      assert.equal(listeners(), 0)
      const rest = t.inbox<string>()
      await queue.consume(rest.handler)
      await t.until('the other one comes', () =>
        ['a', 'b'].every((body) => [...inbox.bodies, ...rest.bodies].includes(body)),
      )
    },
  },
  {
    clause: 'C3',
    name: 'a request that is aborted rejects with the reason, and the next one gets its own reply',
    when: ({ capabilities: { R4 } }) => R4.grade !== 'none' || 'R4 is graded none',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const held = gate(t)
      const asked = t.inbox<string>(async (delivery) => {
        if (delivery.body === 'aborted') await held.opened
        await delivery.reply(`re: ${delivery.body}`)
      })
      await queue.consume(asked.handler, { concurrency: 3 })
      const { signal, abort, listeners } = abortable()
      const asking = queue.request('aborted', { signal })
      await asked.count(1)
      const reason = new Error('enough')
      abort(reason)
      assert.equal(await ended(t, 'request', asking, reason), 'aborted')
      assert.equal(listeners(), 0, 'request left a listener')
      held.open()
      assert.equal((await queue.request('next')).body, 're: next')
    },
  },
  {
    clause: 'C3',
    name: 'connect rejects with the reason, too, and an abort after it changes nothing',
    run: async (t) => {
      const early = abortable()
      const reason = new Error('enough')
      early.abort(reason)
      assert.equal(await ended(t, 'connect', t.connect({ signal: early.signal }), reason), 'aborted')
      const late = abortable()
      const broker = await t.connect({ signal: late.signal })
      late.abort('too late')
      await broker.queue<string>(t.name()).send('a')
      assert.equal(late.listeners(), 0)
    },
  },
  {
    clause: 'C3',
    name: 'what is no signal is a TypeError',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name(), { provision: 'never' })
      for (const signal of [null, true, 'abort', {}, new AbortController()])
        await t.rejects(queue.send('a', { signal: signal as AbortSignal }), 'TypeError')
    },
  },
]
