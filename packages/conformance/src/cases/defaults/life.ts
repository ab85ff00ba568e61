import assert from 'node:assert/strict'
import { BrokerError } from '@anybroker/driver'
import { virtualTime } from '@anybroker/testkit'
import { connect, type Delivery } from 'anybroker'
import type { Case } from '../../case.ts'
import { drive } from '../kit/drive.ts'
import { aborted, gate } from '../kit/gate.ts'
import { assertEach } from '../kit/grades.ts'
import { refusedAfterClose } from '../kit/refused-after-close.ts'
import { scriptedDriver } from './scripted-driver.ts'

const HOUR_MS = 3_600_000

/** The stretches of time between these points. */
function gaps(points: readonly number[]): readonly number[] {
  return points.slice(1).map((at, index) => at - (points[index] ?? at))
}

export const life: readonly Case[] = [
  {
    clause: 'default',
    name: 'reconnect: from 100 ms to 5 s, with full jitter, without end',
    needs: ['virtualTime'],
    run: async () => {
      const time = virtualTime()
      let down = false
      const scripted = scriptedDriver({
        connect: async () => {
          if (down) throw new Error('nobody there')
        },
      })
      const broker = await connect(scripted.driver, { runtime: time.runtime })
      const events: string[] = []
      broker.on('disconnected', () => events.push('disconnected'))
      broker.on('connected', () => events.push('connected'))
      down = true
      const lostAt = time.now()
      scripted.lose(new Error('cut'))
      await time.advance(HOUR_MS)
      const waits = gaps([lostAt, ...scripted.connects.slice(1)])
      // Each wait is anything from nothing to its bound, and the bound doubles from 100 ms to 5 s.
      for (const [index, wait] of waits.entries()) {
        const bound = Math.min(5_000, 100 * 2 ** index)
        assert.ok(wait <= bound + 1, `try ${index + 1} came after ${wait} ms, at most ${bound} are due`)
      }
      const later = waits.slice(6)
      assert.ok(later.length > HOUR_MS / 5_000, `only ${later.length} tries in an hour: it gave up`)
      assert.ok(Math.max(...later) > 4_000, 'the waits never come near 5 s')
      assert.ok(Math.min(...later) < 1_000, 'the jitter is not full')
      assert.deepEqual(events, ['disconnected'])
      down = false
      await time.advance(5_001)
      assert.deepEqual(events, ['disconnected', 'connected'])
      await time.until(broker.close({ drainMs: 0 }))
    },
  },
  {
    clause: 'default',
    name: 'drainMs: 20 s, then the signals abort and close ends at most 5 s later',
    needs: ['virtualTime'],
    run: async (t) => {
      const virtual = t.virtual()
      const broker = await drive(virtual, virtual.connect())
      const queue = broker.queue<string>(t.name())
      const held = gate(t)
      const taken = Promise.withResolvers<Delivery<string>>()
      const worker = await drive(
        virtual,
        queue.consume((delivery) => {
          taken.resolve(delivery)
          return held.opened
        }),
      )
      await drive(virtual, queue.send('a'))
      const delivery = await drive(virtual, taken.promise)
      const { signal } = delivery
      let abortedAt = 0
      signal.addEventListener('abort', () => {
        abortedAt = virtual.now()
      })
      const from = virtual.now()
      let closedAt = 0
      const closing = worker.close().then(() => {
        closedAt = virtual.now()
      })
      await virtual.advance(19_900)
      assert.equal(signal.aborted, false, 'the signal aborted before 20 s')
      await virtual.advance(200)
      assert.equal(signal.aborted, true, 'the signal did not abort after 20 s')
      assert.ok(abortedAt - from >= 20_000, `the signal aborted after ${abortedAt - from} ms`)
      await virtual.advance(5_000)
      await t.within(closing, 'close ends 5 s after the drain')
      assert.ok(closedAt - from <= 25_000, `close took ${closedAt - from} ms`)
      const again = t.inbox<string>()
      await drive(virtual, queue.consume(again.handler))
      await virtual.advance(60_000)
      assertEach(broker, again.bodies, ['a'], 'it went back')
      held.open()
    },
  },
  {
    clause: 'default',
    name: 'a second close returns the same promise',
    run: async (t) => {
      const broker = await t.connect()
      const queue = broker.queue<string>(t.name())
      const worker = await queue.consume(() => {})
      const loop = queue.receive()
      for (const each of [worker, loop, broker]) {
        const first = each.close()
        assert.equal(each.close(), first)
        await t.within(first, 'close')
        assert.equal(each.close(), first)
      }
    },
  },
  {
    clause: 'default',
    name: 'a settle after close is CLOSED',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const held = gate(t)
      const inbox = t.inbox<string>(() => held.opened)
      const worker = await queue.consume(inbox.handler)
      await queue.send('a')
      const [delivery] = await inbox.count(1)
      await t.within(worker.close({ drainMs: 20 }), 'close', 6_000)
      await refusedAfterClose(t, worker, delivery?.ack())
      held.open()
    },
  },
  {
    clause: 'default',
    name: 'a handler throws because of close: given back, uncounted where possible',
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const inbox = t.inbox<string>(async (delivery) => {
        await aborted(delivery.signal)
        throw delivery.signal.reason
      })
      const worker = await queue.consume(inbox.handler, { retry: { maxAttempts: 1 } })
      await queue.send('a')
      await inbox.count(1)
      await t.within(worker.close({ drainMs: 50 }), 'close', 6_000)
      assert.equal(worker.stats.deadLettered, 0)
      assert.equal(worker.stats.retried, 0)
      const again = t.inbox<string>()
      await queue.consume(again.handler)
      const [delivery] = await again.count(1, 10_000)
      if (t.capabilities.D3.attempt !== 'ceiling') assert.equal(delivery?.attempt, 1)
    },
  },
  {
    clause: 'default',
    name: 'a consumer fails for good: done rejects and an event says failed, whether or not anybody looks',
    needs: ['virtualTime'],
    run: async (t) => {
      const time = virtualTime()
      const scripted = scriptedDriver({})
      const broker = await connect(scripted.driver, { runtime: time.runtime })
      const events: unknown[] = []
      broker.on('failed', (facts) => events.push(facts.error))
      const unhandled: unknown[] = []
      const note = (reason: unknown): void => void unhandled.push(reason)
      process.on('unhandledRejection', note)
      t.after(() => process.off('unhandledRejection', note))

      await time.until(broker.queue('ignored').consume(() => {}))
      const denied = new BrokerError('UNAUTHORIZED', 'receive: not any more')
      scripted.fail(denied)
      await time.advance(60_000)
      assert.equal(events.length, 1, 'one event tells that nobody listened to done')

      const worker = await time.until(broker.queue('watched').consume(() => {}))
      scripted.fail(denied)
      const error = await t.rejects(time.until(worker.done), 'UNAUTHORIZED')
      assert.deepEqual(events.slice(1), [error])
      await t.quiet()
      assert.deepEqual(unhandled, [], 'rejections that nobody handled')
      await time.until(broker.close({ drainMs: 0 }))
    },
  },
]
