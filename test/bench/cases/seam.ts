import { randomUUID } from 'node:crypto'
import { NO_HEADERS, type Driver, type Runtime, type WireMessage } from '@anybroker/driver'
import { setTimeout as sleep } from 'node:timers/promises'
import { BODY_BYTES, type BenchCase } from '../bench.ts'

const BATCH = 100
const queue = { kind: 'queue', name: 'bench', ordering: 'none' } as const

const runtime: Runtime = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  timer: (delayMs, run) => {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
  sleep: (delayMs, signal) => sleep(delayMs, undefined, signal === undefined ? {} : { signal }),
  random: () => Math.random(),
  id: () => randomUUID(),
  log: () => undefined,
}

/** What a driver costs without core: batches in, batches out, each settled. */
export function throughTheSeam(name: string, driver: () => Driver): BenchCase {
  return {
    name: `${name}: send(100), receive(100), settle(100)`,
    start: async () => {
      const { signal } = new AbortController()
      const connection = await driver().connect(runtime, signal)
      await connection.topology.ensure(queue, {}, signal)
      const sender = await connection.openSender(queue, signal)
      const receiver = await connection.openReceiver(queue, { maxUnsettled: BATCH, leaseMs: 30_000 }, signal)
      const body = new Uint8Array(BODY_BYTES)
      const sentAt = Date.now()
      return {
        run: async (messages) => {
          for (let sent = 0; sent < messages; sent += BATCH) {
            const batch: WireMessage[] = []
            for (let index = sent; index < Math.min(sent + BATCH, messages); index++) {
              batch.push({ id: `message-${index}`, body, headers: NO_HEADERS, sentAt })
            }
            await sender.send(batch, signal)
            const deliveries = await receiver.receive(BATCH, { waitMs: 1000, signal })
            await receiver.settle(
              deliveries.map(({ receipt }) => ({ receipt, as: 'ack' })),
              signal,
            )
          }
        },
        close: async () => {
          await sender.close()
          await receiver.close(signal)
          await connection.close(signal)
        },
      }
    },
  }
}
