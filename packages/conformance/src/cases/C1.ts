import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import type { Delivery } from 'anybroker'
import type { Case, Context, Inbox } from '../case.ts'
import { arrivals } from './kit/arrivals.ts'
import { countedRuntime } from './kit/counted-runtime.ts'
import { aborted, gate } from './kit/gate.ts'
import { handles } from './kit/handles.ts'

/** `close` ends at most that long after its drain: the table of defaults. */
const AFTER_DRAIN_MS = 5_000

async function timed(work: Promise<unknown>): Promise<number> {
  const from = performance.now()
  await work
  return performance.now() - from
}

/** Takes whatever is left of a queue on another connection. */
async function remainder(t: Context, name: string): Promise<Inbox<string>> {
  const inbox = t.inbox<string>()
  await (await t.connect()).queue<string>(name).consume(inbox.handler)
  return inbox
}

/** One of everything that can be open. */
async function busy(t: Context, broker: Context['broker']): Promise<void> {
  const queue = broker.queue<string>(t.name(), { retry: { backoff: { initialMs: 30_000 } } })
  const topic = broker.topic<string>(t.name())
  const failing = t.inbox<string>((delivery) => {
    if (delivery.body === 'fails') throw new Error('held for a retry')
  })
  await queue.consume(failing.handler, { concurrency: 3 })
  await queue.consumeBatch(() => {})
  await (await topic.durableSubscription(t.name())).consume(() => {})
  if (broker.capabilities.E1.grade !== 'none') await topic.subscribe(() => {})
  if (broker.capabilities.R4.grade !== 'none') {
    const service = broker.queue<string>(t.name())
    await service.consume((delivery) => delivery.reply('yes'))
    await service.request('there?')
  }
  const unread = broker.queue<string>(t.name()).receive()
  const waiting = unread[Symbol.asyncIterator]().next()
  await queue.sendAll(Array.from({ length: 20 }, (_, index) => ({ body: index < 2 ? 'fails' : 'works' })))
  await topic.publishAll([{ body: 'a' }, { body: 'b' }])
  await t.until('something was handled', () => failing.deliveries.length > 0)
  t.after(() => waiting)
}

export const cases: readonly Case[] = [
  {
    clause: 'C1',
    name: 'close in the middle lets handlers finish and settles what they did',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const held = gate(t)
      const finished = new Set<string>()
      const inbox = t.inbox<string>(async (delivery) => {
        await held.opened
        finished.add(delivery.body)
      })
      const worker = await queue.consume(inbox.handler, { concurrency: 3 })
      const bodies = ['a', 'b', 'c']
      await queue.sendAll(bodies.map((body) => ({ body })))
      await t.until('all three are in hand', () => bodies.every((body) => inbox.bodies.includes(body)))
      let closed = false
      const closing = worker.close().then(() => {
        closed = true
      })
      await t.quiet()
      assert.equal(closed, false, 'close did not wait for the handlers')
      const interrupted = inbox.deliveries.filter((delivery) => delivery.signal.aborted)
      assert.ok(interrupted.length <= worker.stats.lost, 'close aborted handlers that had time left')
      held.open()
      await t.within(closing, 'close ends with the handlers')
      assert.equal(finished.size, 3)
      const left = await remainder(t, queue.name)
      await t.quiet()
      if (t.capabilities.Q4.duplicates === 'none' && worker.stats.lost === 0) assert.deepEqual(left.bodies, [])
    },
  },
  {
    clause: 'C1',
    name: 'what no handler has seen is given back at once, and burns no attempt where the broker can',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const held = gate(t)
      const inbox = t.inbox<string>(() => held.opened)
      const worker = await queue.consume(inbox.handler, { concurrency: 1, maxUnsettled: 10 })
      const bodies = Array.from({ length: 8 }, (_, index) => `message ${index}`)
      await queue.sendAll(bodies.map((body) => ({ body })))
      await inbox.count(1)
      await t.quiet()
      const closing = worker.close()
      held.open()
      await t.within(closing, 'close')
      const left = await remainder(t, queue.name)
      const rest = bodies.filter((body) => !inbox.bodies.includes(body))
      await t.until('the rest comes elsewhere', () => rest.every((body) => left.bodies.includes(body)))
      if (t.capabilities.D3.attempt === 'exact')
        for (const delivery of left.deliveries) assert.equal(delivery.attempt, 1, `${delivery.body} burnt an attempt`)
    },
  },
  {
    clause: 'C1',
    name: 'once close was called nothing new begins',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const held = gate(t)
      const inbox = t.inbox<string>(() => held.opened)
      const worker = await queue.consume(inbox.handler, { concurrency: 1 })
      await queue.sendAll([{ body: 'first' }, { body: 'second' }])
      await inbox.count(1)
      const closing = worker.close()
      await queue.send('third')
      await t.quiet()
      held.open()
      await t.within(closing, 'close')
      await t.quiet()
      assert.equal(inbox.deliveries.length, 1)
    },
  },
  {
    clause: 'C1',
    name: 'a handler that does not end has its signal aborted after drainMs, and its message goes elsewhere',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const held = gate(t)
      const inbox = t.inbox<string>(() => held.opened)
      const worker = await queue.consume(inbox.handler)
      await queue.send('a')
      const [delivery] = await inbox.count(1)
      assert.ok(delivery !== undefined)
      const { signal } = delivery
      const from = performance.now()
      let abortedAfter = 0
      const noted = aborted(signal).then(() => {
        abortedAfter = performance.now() - from
      })
      const took = await timed(t.within(worker.close({ drainMs: 300 }), 'close', 300 + AFTER_DRAIN_MS + 1_000))
      assert.ok(took <= 300 + AFTER_DRAIN_MS, `close took ${took} ms`)
      await t.within(noted, 'the signal aborts')
      assert.ok(abortedAfter >= 298, `the signal aborted after ${abortedAfter} of 300 ms`)
      const left = await remainder(t, queue.name)
      await left.count(1, 10_000)
      held.open()
    },
  },
  {
    clause: 'C1',
    name: 'closing the broker closes its consumers in the same way',
    run: async (t) => {
      const broker = await t.connect()
      const queue = broker.queue<string>(t.name())
      const held = gate(t)
      const inbox = t.inbox<string>(() => held.opened)
      const worker = await queue.consume(inbox.handler)
      await queue.send('a')
      await inbox.count(1)
      const closing = broker.close()
      await t.quiet()
      held.open()
      await t.within(closing, 'close')
      await t.within(worker.done, 'the consumer is done')
      if (t.capabilities.Q4.duplicates !== 'none') return
      const left = await remainder(t, queue.name)
      await t.quiet()
      assert.deepEqual(left.bodies, [])
    },
  },
  {
    clause: 'C1',
    name: 'sends that wait are flushed by close, and all of them are kept',
    run: async (t) => {
      const broker = await t.connect()
      const queue = broker.queue<string>(t.name())
      await queue.open()
      const sends = Promise.all(Array.from({ length: 200 }, (_, index) => queue.send(`message ${index}`)))
      await t.within(Promise.all([broker.close(), sends]), 'close and the sends', 10_000)
      const inbox = await remainder(t, queue.name)
      const ids = (await sends).map(({ id }) => id)
      await arrivals(t, inbox, ids)
    },
  },
  {
    clause: 'C1',
    name: 'close is idempotent: again, at the same time, by disposal, child after parent',
    run: async (t) => {
      const broker = await t.connect()
      const queue = broker.queue<string>(t.name())
      const worker = await queue.consume(() => {})
      const loop = queue.receive()
      await Promise.all([worker.close(), worker.close(), worker[Symbol.asyncDispose]()])
      await worker.close()
      await Promise.all([loop.close(), loop.close(), loop[Symbol.asyncDispose]()])
      const second = await queue.consume(() => {})
      await Promise.all([broker.close(), broker.close(), second.close()])
      await broker[Symbol.asyncDispose]()
      await second.close()
      await worker.done
      await second.done
    },
  },
  {
    clause: 'C1',
    name: 'a handler that awaits the close of its own consumer does not hang it',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const closed = Promise.withResolvers<void>()
      const worker = await queue.consume(async () => {
        await worker.close({ drainMs: 200 })
        closed.resolve()
      })
      await queue.send('a')
      await t.within(closed.promise, 'close ends', 200 + AFTER_DRAIN_MS + 1_000)
      await t.within(worker.done, 'the consumer is done')
    },
  },
  {
    clause: 'C1',
    name: 'close while a consumer is being opened ends both',
    run: async (t) => {
      for (let turn = 0; turn < 3; turn += 1) {
        const broker = await t.connect()
        const queue = broker.queue<string>(t.name())
        const opening = Promise.allSettled([
          queue.consume(() => {}),
          queue.send('a'),
          queue.receive()[Symbol.asyncIterator]().next(),
        ])
        for (let tick = 0; tick < turn * 3; tick += 1) await Promise.resolve()
        await t.within(broker.close(), 'close', AFTER_DRAIN_MS + 1_000)
        for (const outcome of await t.within(opening, 'what was begun ends'))
          if (outcome.status === 'rejected') assert.equal((outcome.reason as { code?: unknown }).code, 'CLOSED')
      }
    },
  },
  {
    clause: 'C1',
    name: 'a loop that waits ends with its close, and what it handed out goes back',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const loop = queue.receive()
      const taken: Delivery<string>[] = []
      const reading = (async () => {
        for await (const delivery of loop) taken.push(delivery)
      })()
      await queue.send('a')
      await t.until('it was handed out', () => taken.length === 1)
      await t.within(loop.close({ drainMs: 0 }), 'close', AFTER_DRAIN_MS + 1_000)
      await t.within(reading, 'the loop ends')
      const left = await remainder(t, queue.name)
      await left.count(1, 10_000)
      assert.equal(left.bodies[0], 'a')
    },
  },
  {
    clause: 'C1',
    name: 'it leaves no timer of the runtime',
    run: async (t) => {
      const { runtime, pending } = countedRuntime()
      const broker = await t.connect({ runtime })
      await busy(t, broker)
      assert.notEqual(pending().length, 0, 'a busy connection without a single timer: the runtime is not used')
      await t.within(broker.close({ drainMs: 100 }), 'close', AFTER_DRAIN_MS + 1_000)
      assert.deepEqual(pending(), [])
    },
  },
  {
    clause: 'C1',
    name: 'it leaves no socket and no timer of the process',
    run: async (t) => {
      const opened = handles()
      t.after(opened.end)
      const broker = await opened.watch(async () => {
        const connected = await t.connect()
        await busy(t, connected)
        return connected
      })
      await t.within(broker.close({ drainMs: 100 }), 'close', AFTER_DRAIN_MS + 1_000)
      await t.until(`all handles are closed, not ${opened.left().join(', ')}`, () => opened.left().length === 0)
    },
  },
  {
    clause: 'C1',
    name: 'it leaves no listener on the signals that it was given',
    run: async (t) => {
      const { signal } = new AbortController()
      const broker = await t.connect({ signal })
      const queue = broker.queue<string>(t.name())
      const topic = broker.topic<string>(t.name())
      await queue.consume(() => {}, { signal })
      await queue.consumeBatch(() => {}, { signal })
      await topic.durableSubscription(t.name(), { signal })
      const loop = queue.receive({ signal })
      const waiting = loop[Symbol.asyncIterator]().next()
      await queue.send('a', { signal })
      await queue.sendAll([{ body: 'a' }, { body: 'b' }], { signal })
      await t.within(broker.close(), 'close')
      await t.within(Promise.allSettled([waiting]), 'the loop ends')
      assert.equal(getEventListeners(signal, 'abort').length, 0)
    },
  },
]
