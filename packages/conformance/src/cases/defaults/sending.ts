import assert from 'node:assert/strict'
import type { Outcome } from '@anybroker/driver'
import { virtualTime } from '@anybroker/testkit'
import { connect, SendAllError } from 'anybroker'
import type { Case, Context } from '../../case.ts'
import { drive } from '../kit/drive.ts'
import { scriptedDriver, silence } from './scripted-driver.ts'

const PORTABLE_BYTES = 180 * 1024
const WINDOW_MESSAGES = 1_000
const WINDOW_BYTES = 16 * 1024 * 1024

/** How long it took on a clock until `work` rejected, and with what. */
async function rejectsAfter(
  now: () => number,
  work: Promise<unknown>,
): Promise<{ readonly after: number; readonly error: unknown }> {
  const from = now()
  const [outcome] = await Promise.allSettled([work])
  assert.ok(outcome.status === 'rejected', 'it resolved')
  return { after: now() - from, error: outcome.reason }
}

function isTimeout(error: unknown): void {
  assert.ok(error instanceof Error && 'code' in error, `expected a BrokerError, got ${String(error)}`)
  assert.equal(error.code, 'TIMEOUT')
}

/** How many of these sends are in the window of a queue whose broker does not answer: those that `buffered` lets resolve. */
async function inTheWindow(bodies: number, bytes: number): Promise<number> {
  const time = virtualTime()
  const { driver } = scriptedDriver({ send: () => silence<Outcome>() })
  const broker = await connect(driver, { runtime: time.runtime })
  const queue = broker.queue<Uint8Array>('orders', { codec: 'bytes' })
  let resolved = 0
  const body = new Uint8Array(bytes)
  const sends = Array.from({ length: bodies }, async () => {
    await queue.send(body, { until: 'buffered' })
    resolved += 1
  })
  await time.advance(1_000)
  const seen = resolved
  // After their deadline all of them are over, those that never came into the window too.
  await time.advance(60_000)
  await Promise.allSettled(sends)
  await time.until(broker.close({ drainMs: 0 }))
  return seen
}

async function partly(t: Context): Promise<void> {
  const queue = t.broker.queue<Uint8Array>(t.name(), { codec: 'bytes' })
  const inbox = t.inbox<Uint8Array>()
  await queue.consume(inbox.handler)
  const messages = [
    { body: Uint8Array.of(1), id: t.name('one') },
    { body: new Uint8Array(PORTABLE_BYTES + 1), id: t.name('two') },
    { body: Uint8Array.of(3), id: t.name('three') },
  ]
  const error = await t.rejects(queue.sendAll(messages), 'MESSAGE_TOO_LARGE')
  assert.ok(error instanceof SendAllError)
  assert.deepEqual(
    error.outcomes.map(({ as, id }) => ({ as, id })),
    [
      { as: 'confirmed', id: messages[0]?.id },
      { as: 'refused', id: messages[1]?.id },
      { as: 'confirmed', id: messages[2]?.id },
    ],
  )
  await t.until('the others arrive', () => new Set(inbox.deliveries.map(({ id }) => id)).size === 2)
}

export const sending: readonly Case[] = [
  {
    clause: 'default',
    name: 'timeouts: a send gives up after 30 s, outcome unknown',
    needs: ['virtualTime'],
    run: async () => {
      const time = virtualTime()
      const { driver } = scriptedDriver({ send: () => silence<Outcome>() })
      const broker = await connect(driver, { runtime: time.runtime })
      const { after, error } = await time.until(rejectsAfter(() => time.now(), broker.queue('orders').send('a')))
      isTimeout(error)
      assert.equal((error as { outcome?: unknown }).outcome, 'unknown')
      assert.equal(after, 30_000)
      await time.until(broker.close({ drainMs: 0 }))
    },
  },
  {
    clause: 'default',
    name: 'timeouts: a settle gives up after 10 s',
    needs: ['virtualTime'],
    run: async (t) => {
      const time = virtualTime()
      const scripted = scriptedDriver({ settle: () => silence(), leases: false })
      const broker = await connect(scripted.driver, { runtime: time.runtime })
      const settled = Promise.withResolvers<{ readonly after: number; readonly error: unknown }>()
      await time.until(
        broker.queue('orders').consume((delivery) => {
          settled.resolve(rejectsAfter(() => time.now(), delivery.ack()))
        }),
      )
      scripted.deliver()
      const { after, error } = await time.until(settled.promise)
      isTimeout(error)
      assert.equal(after, 10_000)
      await t.within(time.until(broker.close({ drainMs: 0 })), 'close')
    },
  },
  {
    clause: 'default',
    name: 'timeouts: connect gives up after 10 s',
    needs: ['virtualTime'],
    run: async () => {
      const time = virtualTime()
      const { driver } = scriptedDriver({ connect: () => silence() })
      const { after, error } = await time.until(
        rejectsAfter(() => time.now(), connect(driver, { runtime: time.runtime })),
      )
      isTimeout(error)
      assert.equal(after, 10_000)
    },
  },
  {
    clause: 'default',
    name: 'timeouts: a request gives up after 30 s',
    needs: ['virtualTime'],
    when: ({ capabilities: { R4 } }) => R4.grade !== 'none' || 'R4 is graded none',
    run: async (t) => {
      const virtual = t.virtual()
      const broker = await drive(virtual, virtual.connect())
      const asking = rejectsAfter(() => virtual.now(), broker.queue<string>(t.name()).request('anybody?'))
      let over = false
      const ended = asking.finally(() => {
        over = true
      })
      await virtual.advance(29_000)
      assert.equal(over, false, 'it gave up too soon')
      const { after, error } = await drive(virtual, ended)
      isTimeout(error)
      assert.ok(after >= 30_000 && after <= 31_000, `gave up after ${after} ms`)
    },
  },
  {
    clause: 'default',
    name: 'send window: 1,000 messages, the next one waits',
    needs: ['virtualTime'],
    run: async () => {
      assert.equal(await inTheWindow(WINDOW_MESSAGES + 10, 1), WINDOW_MESSAGES)
    },
  },
  {
    clause: 'default',
    name: 'send window: 16 MiB, the next one waits',
    needs: ['virtualTime'],
    run: async () => {
      const fits = Math.floor(WINDOW_BYTES / PORTABLE_BYTES)
      const inside = await inTheWindow(fits + 10, PORTABLE_BYTES)
      // Headers and fields count, too: one message less may fit.
      assert.ok(inside === fits || inside === fits - 1, `${inside} messages of 180 KiB are in the window`)
    },
  },
  {
    clause: 'default',
    name: 'no linger when idle: a send goes at once, time standing still',
    needs: ['virtualTime'],
    run: async () => {
      const time = virtualTime()
      const sentAt: number[] = []
      const { driver } = scriptedDriver({
        send: async () => {
          sentAt.push(time.now())
          return { as: 'confirmed', evidence: 'by the script' }
        },
      })
      const broker = await connect(driver, { runtime: time.runtime })
      const queue = broker.queue('orders')
      for (let turn = 0; turn < 3; turn += 1) {
        const from = time.now()
        const sending = queue.send('a')
        await time.idle()
        await sending
        assert.equal(sentAt[turn], from)
        await time.advance(100)
      }
      await time.until(broker.close({ drainMs: 0 }))
    },
  },
  {
    clause: 'default',
    name: "until: 'confirmed', a send resolves with the broker's word and not before it",
    needs: ['virtualTime'],
    run: async () => {
      const time = virtualTime()
      const confirmed = Promise.withResolvers<Outcome>()
      const { driver } = scriptedDriver({ send: () => confirmed.promise })
      const broker = await connect(driver, { runtime: time.runtime })
      let resolved = false
      const sending = broker
        .queue('orders')
        .send('a')
        .finally(() => {
          resolved = true
        })
      await time.advance(5_000)
      assert.equal(resolved, false, 'it resolved without a confirmation')
      confirmed.resolve({ as: 'confirmed', evidence: 'offset 7' })
      assert.equal((await time.until(sending)).evidence, 'offset 7')
      await time.until(broker.close({ drainMs: 0 }))
    },
  },
  {
    clause: 'default',
    name: "until: 'confirmed', what resolved is there for others",
    run: async (t) => {
      const queue = t.broker.queue<string>(t.name())
      const { evidence } = await queue.send('a')
      assert.notEqual(evidence, 'buffered')
      assert.notEqual(evidence, '')
      const inbox = t.inbox<string>()
      await (await t.connect()).queue<string>(queue.name).consume(inbox.handler)
      await inbox.count(1)
    },
  },
  {
    clause: 'default',
    name: 'sendAll, some failed: rejects with all outcomes',
    run: partly,
  },
]
