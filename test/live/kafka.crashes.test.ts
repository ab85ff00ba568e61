import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connect } from 'anybroker'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { urlVariable } from '../brokers/brokers.ts'
import type { ChildJob, ChildSays } from './kafka.child.ts'

const found = process.env[urlVariable('kafka')] ?? ''
const sessionTimeoutMs = 6_000
const url = `${found}/?namespace=c${process.pid}&sessionTimeoutMs=${sessionTimeoutMs}&heartbeatIntervalMs=250`

describe.skipIf(found === '')('crashes and long handlers on Kafka', () => {
  test('out of order acks, then SIGKILL: exactly the unfinished come back', { timeout: 60_000 }, async () => {
    await using broker = await connect(url)
    const queue = broker.queue<string>('odd')
    const bodies = Array.from({ length: 100 }, (_, n) => String(n))
    await queue.sendAll(bodies.map((body) => ({ body })))
    const child = start({ queue: 'odd', does: 'odd', maxAttempts: 10 })
    await expect.poll(() => child.told('acked').length, { timeout: 20_000 }).toBe(50)
    await child.kill()
    const seen: string[] = []
    await using _worker = await queue.consume(({ body }) => void seen.push(body), { concurrency: 10 })
    const even = bodies.filter((body) => Number(body) % 2 === 0)
    await expect.poll(() => new Set(seen).size, { timeout: 20_000 }).toBe(even.length)
    await sleep(500)
    expect(seen.toSorted()).toEqual(even.toSorted())
  })

  test(
    'poison that kills its process at once is dead after a few more, and no neighbour with it',
    { timeout: 180_000 },
    async () => {
      await using broker = await connect(url)
      const maxAttempts = 3
      const queue = broker.queue<string>('poison', { retry: { maxAttempts } })
      const neighbours = Array.from({ length: 20 }, (_, n) => `n${n}`)
      const bodies = [...neighbours.slice(0, 10), 'poison', ...neighbours.slice(10)]
      await queue.sendAll(bodies.map((body) => ({ body })))
      let deaths = 0
      for (; (await queue.deadLetters.count()) === 0; deaths++) {
        expect(deaths).toBeLessThan(maxAttempts + 3)
        const child = start({ queue: 'poison', does: 'poison', maxAttempts })
        // It dies of the poison, or lives because that is buried.
        await Promise.race([child.exited, letterThere(() => queue.deadLetters.count())])
        await child.kill()
      }
      // A crash in the first moments of a handler may go uncounted once.
      expect(deaths).toBeGreaterThanOrEqual(maxAttempts)
      const letters = await queue.deadLetters.peek({ max: 100 })
      expect(letters.map(({ body }) => body)).toEqual(['poison'])
    },
  )

  test('a handler of three session times keeps its message, and nobody joins again', { timeout: 60_000 }, async () => {
    await using broker = await connect(url)
    const queue = broker.queue<string>('slow')
    let lost = 0
    broker.on('lost', ({ count }) => (lost += count))
    const seen: number[] = []
    await using worker = await queue.consume(
      async ({ attempt, signal }) => {
        seen.push(attempt)
        await sleep(3 * sessionTimeoutMs, undefined, { signal })
      },
      { concurrency: 2 },
    )
    await queue.sendAll([{ body: 'a' }, { body: 'b' }])
    await expect.poll(() => worker.stats.acked, { timeout: 40_000 }).toBe(2)
    expect(seen).toEqual([1, 1])
    expect(lost).toBe(0)
  })

  test(
    'a note that grows too long stops the partition, and closing the hole lets it go on',
    { timeout: 120_000 },
    async () => {
      await using broker = await connect(`${url}&partitions=1`)
      const queue = broker.queue<number>('holes')
      const count = 6_000
      await queue.sendAll(Array.from({ length: count }, (_, body) => ({ body })))
      const open: (() => void)[] = []
      let held = 0
      let passes = false
      const done = new Set<number>()
      await using _worker = await queue.consume(
        async ({ body }) => {
          // Every second one stays, up to as many as may be in hand: holes between all that is finished.
          if (!passes && body % 2 === 0 && held < 950) {
            held += 1
            await new Promise<void>((resolve) => open.push(resolve))
          } else await sleep(30)
          done.add(body)
        },
        { concurrency: 1_000, maxUnsettled: 1_000 },
      )
      let before = -1
      while (done.size !== before) {
        before = done.size
        await sleep(1_000)
      }
      expect(done.size).toBeLessThan(count - 950)
      passes = true
      for (const resolve of open) resolve()
      await expect.poll(() => done.size, { timeout: 60_000 }).toBe(count)
      expect((await queue.depth()).ready).toBe(0)
    },
  )
})

describe.skipIf(found === '')('a log that changes behind our back', () => {
  test('deleted and made anew: offsets of the old one hide nothing of the new one', { timeout: 60_000 }, async () => {
    await using broker = await connect(`${url}&partitions=1`)
    const queue = broker.queue<number>('anew')
    const seen: number[] = []
    const handler = ({ body }: { readonly body: number }) => void seen.push(body)
    const worker = await queue.consume(handler)
    await queue.sendAll(Array.from({ length: 50 }, (_, body) => ({ body })))
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(50)
    await worker.close()
    const topic = `c${process.pid}.q.anew`
    const admin = new Kafka({ brokers: [found.replace('kafka://', '')], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    await admin.deleteTopics({ topics: [topic] })
    await sleep(500)
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false })
    await sleep(500)
    await admin.disconnect()
    await using _again = await queue.consume(handler)
    await queue.sendAll(Array.from({ length: 10 }, (_, index) => ({ body: 100 + index })))
    await expect.poll(() => seen.filter((body) => body >= 100).length, { timeout: 20_000 }).toBe(10)
  })

  test('no warning of a timer that is negative reaches anybody', async () => {
    const warnings: string[] = []
    const listener = ({ name }: Error): void => void warnings.push(name)
    process.on('warning', listener)
    await using broker = await connect(url)
    await broker.queue<string>('quiet').send('x')
    await sleep(200)
    process.off('warning', listener)
    expect(warnings).toEqual([])
  })
})

interface Child {
  readonly exited: Promise<unknown>
  told(as: 'began' | 'acked'): readonly string[]
  kill(): Promise<void>
}

function start(job: ChildJob): Child {
  const program = fileURLToPath(new URL('kafka.child.ts', import.meta.url))
  const child = fork(program, [url, JSON.stringify(job)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const messages: ChildSays[] = []
  child.on('message', (message) => messages.push(message as ChildSays))
  const exited = once(child, 'exit')
  return {
    exited,
    told: (as) => messages.flatMap((one) => (one.as === as && 'body' in one ? [one.body] : [])),
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

async function letterThere(count: () => Promise<number>): Promise<void> {
  while ((await count()) === 0) await sleep(200)
}
