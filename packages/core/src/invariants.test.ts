import {
  BrokerError,
  type Connection,
  type ConnectionState,
  type Driver,
  type Receiver,
  type WireDelivery,
} from '@anybroker/driver'
import { override, virtualTime, wrapDriver } from '@anybroker/testkit'
import { memory } from '@anybroker/memory'
import { describe, expect, it } from 'vitest'
import { acksOf, answering, failureOf, gate, rig, sentOf, settledOf, watch, type Watched } from '../test/rig.ts'
import { connect, type Delivery } from './index.ts'

const refusal = new BrokerError('REFUSED', 'no room')
const isDead = (target: { readonly kind: string } | undefined) => target?.kind === 'dead-letters'

describe('1 · acked means handled, dead-lettered with confirmation, or dropped by a stated policy', () => {
  it('acks nothing while its handler runs', async () => {
    const { time, broker, asked } = await rig()
    const orders = broker.queue('orders')
    const done = gate()
    await time.until(orders.consume(() => done.opened))
    await time.until(orders.send({ id: 1 }))
    await time.advance(60_000)
    expect(acksOf(asked)).toBe(0)
    done.open()
    await time.idle()
    expect(acksOf(asked)).toBe(1)
    await time.until(broker.close())
  })

  it.each(['refused', 'before', 'after', 'throw', 'hang'] as const)(
    'acks a dead message only once its copy is confirmed: send.%s',
    async (kind) => {
      const { time, broker, asked, faults, reached } = await rig({ connect: { sendTimeoutMs: 1_000 } })
      const orders = broker.queue('orders', { retry: { maxAttempts: 1 } })
      faults.next('send', kind, { only: isDead, times: 3 })
      await time.until(
        orders.consume(() => {
          throw new Error('never')
        }),
      )
      await time.until(orders.send({ id: 1 }))
      while (faults.waiting > 0) {
        expect(acksOf(asked)).toBe(0)
        await time.advance(10)
      }
      await time.advance(30_000)
      expect(acksOf(asked)).toBe(1)
      expect(await time.until(orders.deadLetters.count())).toBeGreaterThanOrEqual(1)
      // The last word on the copy came before the ack.
      const calls = reached.calls.map(({ on, method }) => `${on}.${method}`)
      const ack = reached.calls.findIndex(({ on, method }) => on === 'receiver' && method === 'settle')
      expect(calls.lastIndexOf('sender.send')).toBeLessThan(ack)
      await time.until(broker.close())
    },
  )

  it('never acks what cannot be buried', async () => {
    const { time, broker, asked, events } = await rig({
      wrap: (inner) =>
        wrapDriver(inner, {
          sender: (sender, target) =>
            isDead(target)
              ? override(sender, { send: async (batch) => batch.map(() => ({ as: 'refused', error: refusal })) })
              : sender,
        }),
    })
    const orders = broker.queue('orders')
    await time.until(orders.consume((delivery) => delivery.reject()))
    await time.until(orders.send({ id: 1 }))
    await time.advance(300_000)
    expect(acksOf(asked)).toBe(0)
    expect(events.filter(({ name }) => name === 'deadLetterFailed').length).toBeGreaterThan(2)
    await time.until(broker.close())
    expect(acksOf(asked)).toBe(0)
  })

  it('drops where the policy says so, with an event, and not otherwise', async () => {
    const { time, broker, asked, events } = await rig()
    const orders = broker.queue('orders')
    const retry = { maxAttempts: 2, exhausted: 'drop' } as const
    await time.until(
      orders.consume(
        () => {
          throw new Error('never')
        },
        { retry },
      ),
    )
    await time.until(orders.send({ id: 1 }))
    expect(acksOf(asked)).toBe(0)
    await time.advance(10_000)
    expect(acksOf(asked)).toBe(1)
    expect(events.map(({ name }) => name)).toContain('dropped')
    expect(await time.until(orders.deadLetters.count())).toBe(0)
    await time.until(broker.close())
  })
})

describe('2 · confirmed means evidence per message', () => {
  it('tells each message of a batch what the broker said of it, and of it alone', async () => {
    const { time, broker } = await rig({
      wrap: (inner) =>
        answering(inner, async (batch) =>
          batch.map((message, index) =>
            index % 3 === 1 ? { as: 'refused', error: refusal } : { as: 'confirmed', evidence: `stored ${message.id}` },
          ),
        ),
    })
    const orders = broker.queue('orders')
    const sends = Array.from({ length: 9 }, (_, index) => watch(orders.send(index, { id: `m${index}` })))
    await time.idle()
    sends.forEach((send, index) => {
      if (index % 3 === 1) expect(send.outcome).toMatchObject({ error: { code: 'REFUSED', outcome: 'refused' } })
      else expect(send.outcome).toEqual({ value: { id: `m${index}`, evidence: `stored m${index}` } })
    })
    await time.until(broker.close())
  })

  it('confirms nothing that the driver did not answer for', async () => {
    const { time, broker } = await rig({
      wrap: (inner) => answering(inner, async () => [{ as: 'confirmed', evidence: 'the first' }]),
      connect: { sendTimeoutMs: 1 },
    })
    const orders = broker.queue('orders')
    await time.until(orders.open())
    const sends = [1, 2, 3].map((body) => watch(orders.send(body)))
    await time.advance(10_000)
    expect(sends.map(({ outcome }) => outcome && 'value' in outcome)).toEqual([true, false, false])
    expect(sends[2]?.outcome).toMatchObject({ error: { outcome: 'unknown' } })
    await time.until(broker.close())
  })
})

describe('3 · refused means provably never stored', () => {
  it('never calls refused what an earlier try may have stored', async () => {
    let tries = 0
    const { time, broker, reached } = await rig({
      wrap: (inner) =>
        answering(inner, async (batch, real) => {
          tries += 1
          if (tries > 1) return batch.map(() => ({ as: 'refused', error: refusal }))
          await real()
          return batch.map(() => ({ as: 'unknown', error: new Error('no answer') }))
        }),
    })
    const orders = broker.queue('orders')
    expect(await time.until(failureOf(orders.send(1)))).toMatchObject({ code: 'REFUSED', outcome: 'unknown' })
    expect(tries).toBe(2)
    expect(sentOf(reached)).toHaveLength(1)
    await time.until(broker.close())
  })

  it('calls refused what waited in vain, and none of it was stored', async () => {
    const { time, broker, faults, reached } = await rig({ connect: { sendTimeoutMs: 500 } })
    const orders = broker.queue('orders')
    await time.until(orders.send(1, { id: 'before' }))
    faults.next('connect', 'fail', { times: 1_000 })
    faults.disconnect()
    expect(await time.until(failureOf(orders.send(2)))).toMatchObject({ code: 'TIMEOUT', outcome: 'refused' })
    faults.calm()
    await time.advance(60_000)
    expect(sentOf(reached).map(({ id }) => id)).toEqual(['before'])
    expect(await time.until(orders.depth())).toMatchObject({ ready: 1 })
    await time.until(broker.close())
  })

  it('calls refused what the driver proved, whatever happened to its neighbours', async () => {
    const { time, broker, faults } = await rig()
    const orders = broker.queue('orders')
    await time.until(orders.open())
    faults.next('send', 'refused', { facts: { retryable: false, code: 'REFUSED' } })
    const [first, second] = [watch(orders.send(1)), watch(orders.send(2))]
    await time.advance(10_000)
    expect(first?.outcome).toMatchObject({ error: { outcome: 'refused' } })
    expect(second?.outcome).toMatchObject({ value: {} })
    expect(await time.until(orders.depth())).toMatchObject({ ready: 1 })
    await time.until(broker.close())
  })
})

describe('4 · otherwise it is unknown', () => {
  it.each(['before', 'after', 'throw', 'hang', 'hangAfter', 'die', 'dieAfter'] as const)(
    'says that it does not know: send.%s until the deadline',
    async (kind) => {
      const { time, broker, faults } = await rig({ connect: { sendTimeoutMs: 2_000 } })
      const orders = broker.queue('orders')
      await time.until(orders.open())
      faults.next('send', kind, { times: 10_000 })
      const error = await time.until(failureOf(orders.send(1)))
      expect(error).toMatchObject({ code: 'TIMEOUT', outcome: 'unknown', retryable: true })
      faults.calm()
      await time.until(broker.close())
    },
  )

  it('says so of what was under way when the broker object closed', async () => {
    const { time, broker, faults } = await rig()
    const orders = broker.queue('orders')
    await time.until(orders.open())
    faults.next('send', 'hangAfter')
    const send = watch(orders.send(1))
    await time.idle()
    await time.until(broker.close({ drainMs: 0 }))
    expect(send.outcome).toMatchObject({ error: { code: 'CLOSED', outcome: 'unknown' } })
  })
})

describe('5 · an id is fixed before the first attempt', () => {
  it('tries again with the same id', async () => {
    const { time, broker, faults, asked, reached } = await rig()
    const orders = broker.queue('orders')
    faults.next('send', 'before')
    faults.next('send', 'after')
    faults.next('send', 'dieAfter')
    const { id } = await time.until(orders.send(1))
    expect(sentOf(asked).map((message) => message.id)).toEqual([id, id, id, id])
    // Stored once per `after`, and once for good: copies of one message, which whoever counts ids can tell.
    expect(new Set(sentOf(reached).map((message) => message.id))).toEqual(new Set([id]))
    await time.until(broker.close())
  })

  it('is deaf to what the caller does to its options after the call', async () => {
    const { time, broker, faults, asked } = await rig()
    const orders = broker.queue('orders')
    faults.next('send', 'before')
    const headers: Record<string, string> = { region: 'eu' }
    const options = { id: 'first', headers, correlationId: 'c1' }
    const sent = orders.send(1, options)
    options.id = 'second'
    options.correlationId = 'c2'
    headers['region'] = 'us'
    expect(await time.until(sent)).toMatchObject({ id: 'first' })
    const tries = sentOf(asked)
    expect(tries).toHaveLength(2)
    for (const message of tries) expect(message).toMatchObject({ id: 'first', correlationId: 'c1' })
    for (const message of tries) expect({ ...message.headers }).toEqual({ region: 'eu' })
    await time.until(broker.close())
  })

  it('stays the same in the dead letters and back', async () => {
    const { time, broker } = await rig()
    const orders = broker.queue('orders')
    const seen: string[] = []
    await time.until(
      orders.consume((delivery) => {
        seen.push(delivery.id)
        return seen.length === 1 ? delivery.reject() : undefined
      }),
    )
    const { id } = await time.until(orders.send(1))
    await time.until(orders.deadLetters.redrive())
    await time.idle()
    expect(seen).toEqual([id, id])
    await time.until(broker.close())
  })
})

describe('6 · a receipt dies with its epoch', () => {
  it.each([
    ['says so', true],
    ['says nothing', false],
  ])('settles nothing of a connection that is gone, where the receiver %s', async (_what, says) => {
    const { time, broker, faults, asked } = await rig({
      wrap: (inner) =>
        says ? inner : wrapDriver(inner, { receiver: (receiver) => override(receiver, { onLost: () => undefined }) }),
    })
    const orders = broker.queue('orders')
    const seen: Delivery<unknown>[] = []
    await time.until(
      orders.consume((delivery) => {
        seen.push(delivery)
        return new Promise(() => undefined)
      }),
    )
    await time.until(orders.send(1))
    const { signal } = seen[0] as Delivery<unknown>
    faults.disconnect()
    await time.idle()
    expect(signal.aborted).toBe(true)
    await time.advance(60_000)
    expect(seen).toHaveLength(2)
    expect(await time.until(failureOf(seen[0]?.ack() as Promise<void>))).toMatchObject({ code: 'LEASE_LOST' })
    expect(settledOf(asked)).toEqual([])
    await time.until(seen[1]?.ack() as Promise<void>)
    expect(settledOf(asked)).toHaveLength(1)
    expect(await time.until(orders.depth())).toEqual({ ready: 0, inHand: 0, delayed: 0 })
    await time.until(broker.close({ drainMs: 0 }))
  })

  it('settles nothing that the broker took back', async () => {
    const { time, broker, faults, asked } = await rig()
    const orders = broker.queue('orders')
    const seen: Delivery<unknown>[] = []
    await time.until(
      orders.consume(
        (delivery) => {
          seen.push(delivery)
          return new Promise(() => undefined)
        },
        { concurrency: 10 },
      ),
    )
    await time.until(orders.send(1))
    faults.next('receive', 'revoke')
    await time.until(orders.send(2))
    await time.idle()
    const lost = seen.filter((delivery) => delivery.signal.aborted)
    expect(lost.length).toBeGreaterThan(0)
    for (const delivery of lost)
      expect(await time.until(failureOf(delivery.retry()))).toMatchObject({ code: 'LEASE_LOST' })
    expect(settledOf(asked)).toEqual([])
    await time.until(broker.close({ drainMs: 0 }))
  })

  it('lets no settle reach the wire whose lease ended by our clock, retried ones included', async () => {
    const { time, broker, faults, asked } = await rig()
    const orders = broker.queue('orders')
    let first: Delivery<unknown> | undefined
    await time.until(
      orders.consume((delivery) => {
        first ??= delivery
        return new Promise(() => undefined)
      }),
    )
    await time.until(orders.send(1))
    faults.next('extend', 'hang', { times: 100 })
    // 30 s of lease less a second of margin.
    await time.advance(28_900)
    expect(first?.signal.aborted).toBe(false)
    await time.advance(200)
    expect(first?.signal.aborted).toBe(true)
    const settled = settledOf(asked).length
    expect(await time.until(failureOf(first?.ack() as Promise<void>))).toMatchObject({ code: 'LEASE_LOST' })
    await time.advance(1_000)
    expect(settledOf(asked)).toHaveLength(settled)
    await time.until(broker.close({ drainMs: 0 }))
  })

  it('says at once that a settle under way is lost with its connection', async () => {
    const { time, broker, faults } = await rig()
    const orders = broker.queue('orders')
    let ack: Watched<void> | undefined
    await time.until(
      orders.consume((delivery) => {
        ack ??= watch(delivery.ack())
      }),
    )
    faults.next('settle', 'hangAfter')
    await time.until(orders.send(1))
    await time.advance(1_000)
    expect(ack).toMatchObject({ outcome: undefined })
    faults.disconnect()
    await time.idle()
    expect(ack?.outcome).toMatchObject({ error: { code: 'LEASE_LOST' } })
    await time.until(broker.close())
  })

  it('does not carry a settle that failed over to the next connection', async () => {
    const { time, broker, faults, asked, events } = await rig()
    const orders = broker.queue('orders')
    await time.until(orders.consume(() => undefined))
    faults.next('settle', 'die')
    await time.until(orders.send(1))
    await time.advance(60_000)
    // Once into the dying connection, once for the second delivery: another receipt.
    const receipts = settledOf(asked).map(({ receipt }) => receipt)
    expect(receipts).toHaveLength(2)
    expect(receipts[0]).not.toBe(receipts[1])
    expect(events.map(({ name }) => name)).toContain('settleFailed')
    await time.until(broker.close())
  })
})

describe("7 · a log's commit is the contiguous finished prefix of partitions owned now", () => {
  /** As a driver over a log would: commits the finished prefix of what it handed out, from the settlements of core alone. */
  function logged(inner: Driver, commits: string[][]): Driver {
    return wrapDriver(inner, {
      receiver: (receiver: Receiver) => {
        const order: WireDelivery[] = []
        const finished = new Set<unknown>()
        const committed: string[] = []
        commits.push(committed)
        return override(receiver, {
          receive: async (max, options) => {
            const got = await receiver.receive(max, options)
            order.push(...got)
            return got
          },
          settle: async (batch, signal) => {
            for (const { receipt } of batch) finished.add(receipt)
            while (order[0] !== undefined && finished.has(order[0].receipt))
              committed.push((order.shift() as WireDelivery).message.id)
            return receiver.settle(batch, signal)
          },
        })
      },
    })
  }

  it('settles exactly what is finished, so that a driver commits no further', async () => {
    const commits: string[][] = []
    const { time, broker } = await rig({ wrap: (inner) => logged(inner, commits) })
    const orders = broker.queue('orders')
    const gates = new Map(['a', 'b', 'c', 'd'].map((id) => [id, gate()]))
    await time.until(orders.consume((delivery) => gates.get(delivery.id)?.opened, { concurrency: 4 }))
    for (const id of gates.keys()) await time.until(orders.send(id, { id }))
    const committed = async (finished: string) => {
      gates.get(finished)?.open()
      await time.idle()
      return commits[0]
    }
    expect(await committed('c')).toEqual([])
    expect(await committed('b')).toEqual([])
    expect(await committed('a')).toEqual(['a', 'b', 'c'])
    await time.until(broker.close({ drainMs: 0 }))
    // What did not finish is given back, not settled.
    expect(commits).toEqual([['a', 'b', 'c']])
  })

  it('settles nothing of what was owned before', async () => {
    const commits: string[][] = []
    const { time, broker, faults } = await rig({ wrap: (inner) => logged(inner, commits) })
    const orders = broker.queue('orders')
    const slow = gate()
    await time.until(orders.consume(() => slow.opened))
    await time.until(orders.send(1, { id: 'a' }))
    faults.disconnect()
    await time.advance(10_000)
    slow.open()
    await time.advance(60_000)
    expect(commits).toEqual([[], ['a']])
    await time.until(broker.close())
  })
})

describe('8 · every promise has an owner and a deadline', () => {
  /** Once stuck, nothing that is asked of it ever answers, whatever its signal says. */
  function sticky(inner: Driver): { driver: Driver; stick: () => void } {
    let stuck = false
    const never = new Promise<never>(() => undefined)
    const all = <T extends object>(part: T): T =>
      new Proxy({} as T, {
        get: (_, property) => {
          const value: unknown = Reflect.get(part, property, part)
          if (typeof value !== 'function') return value
          return (...given: unknown[]): unknown => {
            const passes = !stuck || property === 'describeError' || property === 'onLost' || property === 'onState'
            return passes ? (value.apply(part, given) as unknown) : never
          }
        },
      })
    const parts = wrapDriver(inner, {
      connection: all,
      topology: all,
      admin: all,
      sender: (sender) => all(sender),
      receiver: (receiver) => all(receiver),
    })
    return { driver: all(parts), stick: () => void (stuck = true) }
  }

  it('ends every call in its time on a broker that never answers again', async () => {
    let stick = () => undefined as void
    const { time, broker } = await rig({
      wrap: (inner) => {
        const sticking = sticky(inner)
        stick = sticking.stick
        return sticking.driver
      },
    })
    const orders = broker.queue('orders')
    const placed = broker.topic('placed')
    const billing = await time.until(placed.durableSubscription('billing'))
    const seen: Delivery<unknown>[] = []
    await time.until(
      orders.consume((delivery) => {
        seen.push(delivery)
        return new Promise(() => undefined)
      }),
    )
    await time.until(orders.send(1))
    stick()
    const calls: Record<string, [Watched<unknown>, withinMs: number]> = {
      send: [watch(orders.send(2)), 30_000],
      sendShort: [watch(orders.send(2, { timeoutMs: 700 })), 700],
      sendAll: [watch(orders.sendAll([{ body: 1 }, { body: 2 }])), 30_000],
      publish: [watch(placed.publish(1)), 30_000],
      request: [watch(orders.request(1)), 30_000],
      open: [watch(broker.queue('others').open()), 10_000],
      durableSubscription: [watch(placed.durableSubscription('shipping')), 10_000],
      // A second more: it tries to leave nothing behind.
      subscribe: [watch(placed.subscribe(() => undefined)), 11_000],
      consume: [watch(orders.consume(() => undefined)), 10_000],
      receive: [watch(Array.fromAsync(orders.receive({ untilEmpty: true }))), 10_000],
      depth: [watch(orders.depth()), 30_000],
      peek: [watch(orders.peek()), 30_000],
      purge: [watch(orders.purge()), 30_000],
      delete: [watch(broker.queue('gone').delete()), 30_000],
      list: [watch(broker.list()), 30_000],
      seek: [watch(billing.seek('start', { timeoutMs: 5_000 })), 5_000],
      unsubscribe: [watch(billing.unsubscribe()), 30_000],
      redrive: [watch(orders.deadLetters.redrive()), 10_000],
      ack: [watch(seen[0]?.ack() as Promise<void>), 10_000],
    }
    for (const at of [700, 5_000, 10_000, 11_000, 30_000]) {
      await time.advance(at - (time.now() - 1_000_000))
      const late = Object.entries(calls).filter(([, [call, withinMs]]) => withinMs <= at && call.outcome === undefined)
      expect(late.map(([name]) => name)).toEqual([])
    }
    const ends = Object.entries(calls).map(([name, [{ outcome }]]) => [
      name,
      outcome !== undefined && 'error' in outcome && outcome.error instanceof BrokerError && outcome.error.code,
    ])
    expect(ends).toEqual(Object.keys(calls).map((name) => [name, 'TIMEOUT']))
    const close = watch(broker.close())
    await time.advance(25_000)
    expect(close.outcome).toEqual({ value: undefined })
  })

  it('ends connecting in its time, and closes what comes late', async () => {
    const late = gate()
    let closed = 0
    const slow = override(memory(), {
      connect: async (runtime) => {
        await late.opened
        const connection: Connection = await memory().connect(runtime, new AbortController().signal)
        return override(connection, {
          close: async (abort) => {
            closed += 1
            await connection.close(abort)
          },
        })
      },
    })
    const time = virtualTime()
    const connecting = watch(connect(slow, { runtime: time.runtime, connectTimeoutMs: 3_000 }))
    await time.advance(2_999)
    expect(connecting.outcome).toBeUndefined()
    await time.advance(1)
    expect(connecting.outcome).toMatchObject({ error: { code: 'TIMEOUT' } })
    expect(time.pending()).toBe(0)
    late.open()
    await time.idle()
    expect(closed).toBe(1)
  })
})

describe('9 · every buffer has a bound in bytes', () => {
  const HUNDRED = 'x'.repeat(100 * 1024)

  it('hands no more to the driver than the window has room for, and refuses what would wait without end', async () => {
    const { time, broker, asked } = await rig({
      wrap: (inner) => answering(inner, () => new Promise(() => undefined)),
      connect: { sendWindow: { maxBytes: 1024 * 1024 } },
    })
    const orders = broker.queue('orders')
    await time.until(orders.open())
    const sends = Array.from({ length: 400 }, () => watch(orders.send(HUNDRED)))
    await time.idle()
    const handed = sentOf(asked).reduce((sum, message) => sum + message.body.byteLength, 0)
    expect(handed).toBeLessThanOrEqual(1024 * 1024)
    const refused = sends.filter(({ outcome }) => outcome !== undefined)
    // 10 in the window and 16 windows of waiting; the rest is told at once.
    expect(refused.length).toBeGreaterThan(200)
    for (const { outcome } of refused) expect(outcome).toMatchObject({ error: { code: 'REFUSED', outcome: 'refused' } })
    await time.advance(31_000)
    await time.until(broker.close())
  })

  it('holds no more unhandled messages than the bytes that it may', async () => {
    const { time, broker } = await rig()
    const orders = broker.queue('orders')
    await time.until(orders.sendAll(Array.from({ length: 100 }, () => ({ body: HUNDRED }))))
    const maxBytes = 1024 * 1024
    const worker = await time.until(
      orders.consume(() => new Promise(() => undefined), { maxUnsettled: 1_000, maxBytes }),
    )
    await time.advance(120_000)
    // One over: the size of the last is known only when it is there.
    expect(worker.stats.unsettled).toBeGreaterThan(4)
    expect(worker.stats.unsettled).toBeLessThanOrEqual(Math.ceil(maxBytes / HUNDRED.length) + 1)
    await time.until(broker.close({ drainMs: 0 }))
  })
})

describe('10 · every retry has a budget, jitter and a generation check', () => {
  it('tries a send again for as long as it may, at times that chance decides', async () => {
    const triesAt = async (seed: number): Promise<number[]> => {
      const at: number[] = []
      let now = () => 0
      const { time, broker } = await rig({
        seed,
        wrap: (inner) =>
          answering(inner, async (batch) => {
            at.push(now())
            return batch.map(() => ({ as: 'unknown', error: new Error('no answer') }))
          }),
      })
      now = () => time.now()
      const orders = broker.queue('orders')
      await time.until(orders.open())
      const start = time.now()
      expect(await time.until(failureOf(orders.send(1)))).toMatchObject({ code: 'TIMEOUT' })
      expect(time.now() - start).toBe(30_000)
      await time.advance(60_000)
      await time.until(broker.close())
      return at.map((instant) => instant - start)
    }
    const first = await triesAt(1)
    expect(Math.max(...first)).toBeLessThan(30_000)
    expect(first.length).toBeGreaterThan(5)
    expect(first.length).toBeLessThan(100)
    const gaps = first.slice(1).map((instant, index) => instant - (first[index] ?? 0))
    expect(Math.max(...gaps)).toBeLessThanOrEqual(5_000)
    // The first waits are short, whatever chance says.
    expect(gaps[0]).toBeLessThanOrEqual(100)
    expect(gaps[1]).toBeLessThanOrEqual(200)
    expect(await triesAt(2)).not.toEqual(first)
  })

  it('reconnects at times that chance decides, and the waits grow to 5 s at most', async () => {
    const attemptsAt = async (seed: number): Promise<number[]> => {
      const { time, broker, faults } = await rig({ seed })
      faults.next('connect', 'fail', { times: 1_000 })
      const start = time.now()
      faults.disconnect()
      await time.advance(120_000)
      await time.until(broker.close())
      const at = faults.happened.flatMap((one) => (one.fault === 'connect.fail' ? [one.at - start] : []))
      return at
    }
    const first = await attemptsAt(1)
    expect(first.length).toBeGreaterThan(20)
    expect(first.length).toBeLessThan(150)
    const gaps = first.slice(1).map((instant, index) => instant - (first[index] ?? 0))
    expect(Math.max(...gaps)).toBeLessThanOrEqual(5_000)
    expect(await attemptsAt(2)).not.toEqual(first)
  })

  it('gives a message no more attempts than its policy has', async () => {
    const { time, broker } = await rig()
    const orders = broker.queue('orders')
    const attempts: number[] = []
    await time.until(
      orders.consume(
        ({ attempt }) => {
          attempts.push(attempt)
          throw new Error('never')
        },
        { retry: { maxAttempts: 4 } },
      ),
    )
    await time.until(orders.send(1))
    await time.advance(3_600_000)
    expect(attempts).toEqual([1, 2, 3, 4])
    await time.until(broker.close())
  })

  it('asks nothing of a sender, receiver or connection whose generation is over', async () => {
    const late: string[] = []
    const { time, broker, faults } = await rig({
      plan: { rates: { 'send.before': 0.3, 'settle.before': 0.3 } },
      wrap: (inner) => {
        return override(inner, {
          connect: async (runtime, signal) => {
            const connection = await inner.connect(runtime, signal)
            let over = false
            const watched = <T extends object>(part: T, what: string): T =>
              new Proxy({} as T, {
                get: (_, property) => {
                  const value: unknown = Reflect.get(part, property, part)
                  if (typeof value !== 'function') return value
                  return (...given: unknown[]): unknown => {
                    if (over && property !== 'close' && property !== 'onLost') late.push(`${what}.${String(property)}`)
                    return value.apply(part, given) as unknown
                  }
                },
              })
            return override(connection, {
              openSender: async (target, abort) => watched(await connection.openSender(target, abort), 'sender'),
              openReceiver: async (source, options, abort) =>
                watched(await connection.openReceiver(source, options, abort), 'receiver'),
              onState: (listener) =>
                connection.onState((state: ConnectionState) => {
                  listener(state)
                  if (state.as === 'disconnected') over = true
                }),
            })
          },
        })
      },
    })
    const orders = broker.queue('orders')
    await time.until(orders.consume(() => undefined))
    for (let round = 0; round < 20; round += 1) {
      const sends = Array.from({ length: 5 }, (_, index) => watch(orders.send(index)))
      await time.advance(20)
      faults.disconnect()
      await time.advance(10_000)
      expect(sends.filter(({ outcome }) => outcome === undefined)).toEqual([])
    }
    expect(late).toEqual([])
    faults.calm()
    await time.until(broker.close())
  })
})

describe('11 · nothing invalid reaches a driver; nothing that a handler throws reaches a client library', () => {
  it('refuses before any I/O', async () => {
    const { time, broker, asked } = await rig()
    asked.clear()
    const orders = broker.queue('orders')
    const refused = [
      orders.send(undefined),
      orders.send({ at: new Date(0) }),
      orders.send(1, { key: 'k' }),
      orders.send(1, { headers: { 'ab-id': 'forged' } }),
      orders.send('x'.repeat(200_000)),
      orders.sendAll([{ body: undefined }]),
      orders.consume(() => undefined, { concurrency: 0 }),
      broker.topic('placed').durableSubscription('goog-billing'),
    ]
    const errors = await time.until(Promise.all(refused.map((call) => failureOf(call))))
    for (const error of errors) expect(error).toBeInstanceOf(Error)
    await time.advance(60_000)
    expect(asked.calls.filter(({ method }) => method !== 'maintain')).toEqual([])
    await time.until(broker.close())
  })

  it('keeps from the driver whatever handlers, hooks, listeners, schemas and filters throw', async () => {
    const reachedDriver: unknown[] = []
    const guard = <A extends unknown[]>(listener: (...given: A) => void) => {
      return (...given: A): void => {
        try {
          listener(...given)
        } catch (error) {
          reachedDriver.push(error)
        }
      }
    }
    const { time, broker, faults, events } = await rig({
      wrap: (inner) =>
        wrapDriver(inner, {
          connection: (connection) =>
            override(connection, { onState: (listener) => connection.onState(guard(listener)) }),
          receiver: (receiver) => override(receiver, { onLost: (listener) => receiver.onLost(guard(listener)) }),
        }),
    })
    const boom = () => {
      throw new Error('boom')
    }
    for (const event of ['disconnected', 'connected', 'lost', 'deadLettered', 'hookFailed'] as const)
      broker.on(event, boom)
    const nasty: readonly (() => unknown)[] = [
      boom,
      () => Promise.reject(new Error('boom')),
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- It is what is tried.
      () => Promise.reject(undefined),
      () => {
        // oxlint-disable-next-line typescript/only-throw-error -- It is what is tried.
        throw null
      },
      // oxlint-disable-next-line unicorn/no-thenable -- It is what is tried.
      () => ({ then: boom }),
      () => ({
        // oxlint-disable-next-line unicorn/no-thenable -- It is what is tried.
        get then() {
          return boom()
        },
      }),
      () => {
        // oxlint-disable-next-line typescript/only-throw-error -- It is what is tried.
        throw { toString: boom }
      },
    ]
    const orders = broker.queue<number>('orders', { retry: { maxAttempts: 2 } })
    const worker = await time.until(
      orders.consume((delivery) => nasty[delivery.body]?.(), {
        onDeadLetter: boom,
        retry: { retryIf: boom, maxAttempts: 2 },
      }),
    )
    for (let index = 0; index < nasty.length; index += 1) await time.until(orders.send(index))
    await time.advance(60_000)
    faults.disconnect()
    await time.advance(60_000)
    expect(worker.stats).toMatchObject({ deadLettered: nasty.length, unsettled: 0 })
    expect(events.filter(({ name }) => name === 'hookFailed').length).toBeGreaterThan(nasty.length)
    expect(reachedDriver).toEqual([])
    await time.until(broker.close())
  })
})

describe('12 · closed means no socket, timer, callback', () => {
  it('leaves nothing open and nothing armed, and is never heard of again', async () => {
    const open = new Set<string>()
    const twice: string[] = []
    let made = 0
    const counted = <T extends { close: (...given: never[]) => Promise<void> }>(part: T, what: string): T => {
      const name = `${what} ${(made += 1)}`
      open.add(name)
      return override(part, {
        close: (async (...given: never[]) => {
          if (!open.delete(name)) twice.push(name)
          await part.close(...given)
        }) as T['close'],
      } as { [K in keyof T]?: T[K] })
    }
    const { time, broker, asked, faults, events } = await rig({
      wrap: (inner) =>
        wrapDriver(inner, {
          connection: (connection) => counted(connection, 'connection'),
          sender: (sender) => counted(sender, 'sender'),
          receiver: (receiver) => counted(receiver, 'receiver'),
        }),
    })
    const orders = broker.queue('orders')
    const placed = broker.topic('placed')
    const billing = await time.until(placed.durableSubscription('billing'))
    let handled = 0
    const handler = () => {
      handled += 1
      if (handled % 3 === 0) throw new Error('again')
    }
    await time.until(orders.consume(handler))
    await time.until(orders.consumeBatch(handler))
    await time.until(billing.consume(handler))
    await time.until(placed.subscribe(handler))
    const loop = orders.receive()[Symbol.asyncIterator]()
    const next = watch(loop.next())
    for (let index = 0; index < 12; index += 1) {
      await time.until(orders.send(index))
      await time.until(placed.publish(index))
      if (index === 6) faults.disconnect()
    }
    await time.until(failureOf(orders.request(1, { timeoutMs: 1_000 })))
    await time.until(broker.close())
    expect(next.outcome).toBeDefined()
    expect([...open]).toEqual([])
    expect(twice).toEqual([])
    expect(time.pending()).toBe(0)
    const before = { handled, calls: asked.count(), events: events.length, logged: time.logged.length }
    await time.advance(3_600_000)
    expect({ handled, calls: asked.count(), events: events.length, logged: time.logged.length }).toEqual(before)
  })

  it('closes what the driver opens after the end', async () => {
    const slow = gate()
    const open: string[] = []
    const closed: string[] = []
    const { time, broker } = await rig({
      wrap: (inner) =>
        wrapDriver(inner, {
          connection: (connection) =>
            override(connection, {
              openReceiver: async (source, options) => {
                await slow.opened
                const receiver = await connection.openReceiver(source, options, new AbortController().signal)
                open.push('receiver')
                return override(receiver, {
                  close: async (signal) => {
                    closed.push('receiver')
                    await receiver.close(signal)
                  },
                })
              },
            }),
        }),
      connect: { connectTimeoutMs: 1_000 },
    })
    const consuming = watch(broker.queue('orders').consume(() => undefined))
    await time.advance(1_000)
    expect(consuming.outcome).toMatchObject({ error: { code: 'TIMEOUT' } })
    slow.open()
    await time.idle()
    expect(open).toEqual(['receiver'])
    expect(closed).toEqual(open)
    await time.until(broker.close())
    expect(time.pending()).toBe(0)
  })

  it('takes off every listener of a signal that outlives its call', async () => {
    const { time, broker, faults } = await rig()
    const { signal } = new AbortController()
    let listeners = 0
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...given: Parameters<typeof add>) => {
      listeners += 1
      add(...given)
    }
    signal.removeEventListener = (...given: Parameters<typeof remove>) => {
      listeners -= 1
      remove(...given)
    }
    const orders = broker.queue('orders')
    faults.next('send', 'before')
    await time.until(orders.send(1, { signal }))
    await time.until(orders.sendAll([{ body: 1 }], { signal }))
    await time.until(orders.depth({ signal }))
    const worker = await time.until(orders.consume(() => undefined, { signal }))
    await time.until(worker.close())
    for await (const delivery of orders.receive({ untilEmpty: true, signal })) await delivery.ack()
    await time.idle()
    await time.until(broker.close())
    expect(listeners).toBe(0)
  })
})
