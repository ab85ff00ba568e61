import { setTimeout as sleep } from 'node:timers/promises'
import { SendAllError, type Broker, type ConnectOptions, type Worker } from 'anybroker'
import { printed, Tally, type Verdict } from './tally.ts'

export interface Flow {
  /** A way to the broker: called once for the publisher, and once for each consumer. */
  readonly connect: (options: ConnectOptions) => Promise<Broker>
  readonly name: string
  readonly messages: number
  /** How many consumers, each with a connection of its own. */
  readonly consumers: number
  /** With keys, in order. Default: none. */
  readonly keys?: number
  /** Each strikes when that part (0 to 1) of the messages is confirmed; the publisher does not wait for it. */
  readonly faults: readonly { readonly at: number; readonly strike: () => Promise<void> }[]
  /** Without progress for so long the flow has ended. Default 30 s. */
  readonly quietMs?: number
}

export interface FlowReport extends Verdict {
  readonly line: string
  readonly seconds: number
  /** The longest time in which nothing was handled. */
  readonly longestGapMs: number
  /** How often a connection of the flow was lost, and how often the broker held its publisher back: what the faults did. */
  readonly disconnects: number
  readonly blocks: number
}

/** Of one `sendAll`. */
const BATCH = 500
/** How many `sendAll` are under way. */
const AT_ONCE = 4
/** While faults last the end is sent so slowly, so that none of them finds the publisher gone. */
const END_PART = 0.1
const TRICKLE = 5
const TRICKLE_MS = 100
const PADDING = 'x'.repeat(200)

/** Sends all, while faults strike; consumes until everything confirmed was handled, or nothing comes any more; tells what became of it. */
export async function runFlow(flow: Flow): Promise<FlowReport> {
  const { name, messages, consumers, keys, quietMs = 30_000 } = flow
  const began = performance.now()
  // Without keys nothing is in order: each its own.
  const tally = new Tally(messages, keys ?? messages)
  let lastAt = performance.now()
  let longestGapMs = 0
  let disconnects = 0
  let blocks = 0
  const handled = (body: string): void => {
    const now = performance.now()
    longestGapMs = Math.max(longestGapMs, now - lastAt)
    lastAt = now
    const number = Number(body.slice(0, body.indexOf(' ')))
    tally.handled(number, body === bodyOf(number))
  }
  const ordering = keys === undefined ? {} : ({ ordering: 'key' } as const)
  const opened: Broker[] = []
  const open = async (): Promise<Broker> => {
    const broker = await flow.connect({ log: false })
    broker.on('disconnected', () => (disconnects += 1))
    broker.on('blocked', () => (blocks += 1))
    opened.push(broker)
    return broker
  }
  const workers: Worker[] = []
  for (let index = 0; index < consumers; index += 1) {
    const queue = (await open()).queue<string>(name, { codec: 'text', ...ordering })
    workers.push(await queue.consume(({ body }) => handled(body), { concurrency: 20, maxUnsettled: 500 }))
  }
  const queue = (await open()).queue<string>(name, { codec: 'text', ...ordering })

  const struck: Promise<void>[] = []
  let over = 0
  const waiting = flow.faults.toSorted((a, b) => a.at - b.at)
  const strike = (): void => {
    while (waiting[0] !== undefined && tally.confirmed >= waiting[0].at * messages) {
      const fault = waiting.shift()
      // One after the other: two kills at once are one.
      if (fault !== undefined) {
        const before = struck.at(-1) ?? Promise.resolve()
        struck.push(before.then(() => fault.strike()).finally(() => (over += 1)))
      }
    }
  }
  let next = 0
  const publish = async (): Promise<void> => {
    while (next < messages) {
      const from = next
      const slowly = from >= messages * (1 - END_PART) && over < flow.faults.length
      const numbers = Array.from(
        { length: Math.min(slowly ? TRICKLE : BATCH, messages - from) },
        (_, index) => from + index,
      )
      next += numbers.length
      const outgoing = numbers.map((number) => ({
        body: bodyOf(number),
        ...(keys === undefined ? {} : { key: `k${number % keys}` }),
      }))
      try {
        await queue.sendAll(outgoing, { timeoutMs: 60_000 })
        for (const number of numbers) tally.sent(number, 'confirmed')
      } catch (error) {
        if (!(error instanceof SendAllError)) throw error
        error.outcomes.forEach(({ as }, index) => tally.sent(from + index, as))
      }
      strike()
      if (slowly) await sleep(TRICKLE_MS)
    }
  }
  // With keys one call after the other: the order of calls is the order of sends.
  await Promise.all(Array.from({ length: keys === undefined ? AT_ONCE : 1 }, publish))
  await Promise.all(struck)
  if (waiting.length > 0) throw new Error(`${waiting.length} faults never struck: too few messages were confirmed`)
  lastAt = Math.max(lastAt, performance.now() - 1)
  while (tally.missing() > 0 && performance.now() - lastAt < quietMs) await sleep(50)
  // What comes twice may come late.
  await sleep(500)
  for (const worker of workers) await worker.close()
  await queue.delete()
  for (const broker of opened) await broker.close()
  const seconds = (performance.now() - began) / 1_000
  const verdict = tally.verdict()
  return {
    ...verdict,
    seconds,
    longestGapMs,
    disconnects,
    blocks,
    line: `${printed(verdict)}, ${seconds.toFixed(1)} s, longest gap ${(longestGapMs / 1_000).toFixed(1)} s`,
  }
}

function bodyOf(number: number): string {
  return `${number} ${PADDING}`
}
