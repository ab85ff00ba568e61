import type { Broker, Delivery, Queue, Worker } from 'anybroker'
import { BODY_BYTES, Countdown, inWindows, type BenchCase } from '../bench.ts'

type Connect = () => Promise<Broker>

const BATCH = 100
const SUBSCRIBERS = 10
/** So many are published before their deliveries are waited for. */
const PUBLISHED = 100

/** What an application sees, on any broker. Bodies are bytes, but for the case that is about JSON. */
export function coreCases(connect: Connect): readonly BenchCase[] {
  const count = (handled: Countdown) => () => handled.count()
  const countAsync = (handled: Countdown) => async () => handled.count()
  const consume = (concurrency: number, handler: (handled: Countdown) => () => void | Promise<void>) => ({
    start: (queue: Queue<unknown>, handled: Countdown) => queue.consume(handler(handled), { concurrency }),
    send: sendEach,
  })
  return [
    queueCase(connect, 'core: send, sync handler', consume(1, count)),
    queueCase(connect, 'core: send, async handler 1', consume(1, countAsync)),
    queueCase(connect, 'core: send, async handler 100', consume(100, countAsync)),
    queueCase(connect, 'core: send, async handler 100, JSON', { ...consume(100, countAsync), json: true }),
    queueCase(connect, 'core: sendAll(100), consumeBatch(100)', {
      start: (queue, handled) => {
        const all = async (batch: readonly unknown[]) => batch.forEach(handled.count)
        return queue.consumeBatch(all, { maxBatch: BATCH, maxUnsettled: 2 * BATCH })
      },
      send: sendBatches,
    }),
    loop(connect),
    fanOut(connect),
    latency(connect),
  ]
}

interface Way {
  readonly start: (queue: Queue<unknown>, handled: Countdown) => Promise<Worker>
  readonly send: (queue: Queue<unknown>, body: unknown, count: number) => Promise<unknown>
  readonly json?: boolean
}

function queueCase(connect: Connect, name: string, way: Way): BenchCase {
  return {
    name,
    start: async () => {
      const broker = await connect()
      const queue = broker.queue('bench', { codec: way.json === true ? 'json' : 'bytes' })
      const handled = new Countdown()
      const worker = await way.start(queue, handled)
      const body = way.json === true ? document() : new Uint8Array(BODY_BYTES)
      return {
        run: async (messages) => {
          handled.expect(messages)
          await inWindows(messages, (count) => way.send(queue, body, count), handled)
          await handled.reached(0)
        },
        close: async () => {
          await worker.close()
          await queue.delete()
          await broker.close()
        },
      }
    },
  }
}

function sendEach(queue: Queue<unknown>, body: unknown, count: number): Promise<unknown> {
  const sent: Promise<unknown>[] = []
  for (let index = 0; index < count; index++) sent.push(queue.send(body))
  return Promise.all(sent)
}

function sendBatches(queue: Queue<unknown>, body: unknown, count: number): Promise<unknown> {
  const sent: Promise<unknown>[] = []
  for (let left = count; left > 0; left -= BATCH) {
    sent.push(queue.sendAll(Array.from({ length: Math.min(BATCH, left) }, () => ({ body }))))
  }
  return Promise.all(sent)
}

function loop(connect: Connect): BenchCase {
  return {
    name: 'core: send, receive() loop',
    start: async () => {
      const broker = await connect()
      const queue = broker.queue('bench', { codec: 'bytes' })
      const deliveries = queue.receive({ maxUnsettled: 2 * BATCH })
      const iterator: AsyncIterator<Delivery<unknown>> = deliveries[Symbol.asyncIterator]()
      const body = new Uint8Array(BODY_BYTES)
      const handled = new Countdown()
      const takeAll = async (messages: number): Promise<void> => {
        for (let left = messages; left > 0; left--) {
          const { value, done } = await iterator.next()
          if (done === true) throw new Error('the loop ended early')
          void value.ack()
          handled.count()
        }
      }
      return {
        run: async (messages) => {
          handled.expect(messages)
          const sending = inWindows(messages, (count) => sendEach(queue, body, count), handled)
          await Promise.all([takeAll(messages), sending])
        },
        close: async () => {
          await deliveries.close()
          await queue.delete()
          await broker.close()
        },
      }
    },
  }
}

/** Counts deliveries: what is published is a tenth of them. */
function fanOut(connect: Connect): BenchCase {
  return {
    name: 'core: topic 1 → 10, async handler 100 each',
    start: async () => {
      const broker = await connect()
      const topic = broker.topic('bench', { codec: 'bytes' })
      const handled = new Countdown()
      const workers: Worker[] = []
      for (let index = 0; index < SUBSCRIBERS; index++) {
        workers.push(await topic.subscribe(async () => handled.count(), { concurrency: 100 }))
      }
      const body = new Uint8Array(BODY_BYTES)
      return {
        run: async (messages) => {
          const published = Math.ceil(messages / SUBSCRIBERS)
          for (let left = published; left > 0; left -= PUBLISHED) {
            const count = Math.min(PUBLISHED, left)
            handled.expect(count * SUBSCRIBERS)
            const sent: Promise<unknown>[] = []
            for (let index = 0; index < count; index++) sent.push(topic.publish(body))
            await Promise.all([...sent, handled.reached(0)])
          }
        },
        close: async () => {
          for (const worker of workers) await worker.close()
          await topic.delete()
          await broker.close()
        },
      }
    },
  }
}

/** One message at a time through an idle queue, from `send` to the beginning of its handler. */
function latency(connect: Connect): BenchCase {
  return {
    name: 'core: one at a time, idle queue',
    start: async () => {
      const broker = await connect()
      const queue = broker.queue('bench', { codec: 'bytes' })
      let arrived: () => void = () => undefined
      const worker = await queue.consume(() => arrived())
      const body = new Uint8Array(BODY_BYTES)
      let latencies: number[] = []
      return {
        run: async (messages) => {
          latencies = []
          for (let left = messages; left > 0; left--) {
            const began = process.hrtime.bigint()
            const handled = new Promise<void>((resolve) => {
              arrived = () => {
                latencies.push(Number(process.hrtime.bigint() - began))
                resolve()
              }
            })
            await Promise.all([queue.send(body), handled])
          }
        },
        latencies: () => latencies,
        close: async () => {
          await worker.close()
          await queue.delete()
          await broker.close()
        },
      }
    },
  }
}

/** About as many bytes as the other bodies have. */
function document(): unknown {
  return {
    id: 1,
    customer: 'customer-7',
    total: 40.5,
    lines: ['a', 'b', 'c'].map((sku) => ({ sku, count: 3, note: 'x'.repeat(30) })),
  }
}
