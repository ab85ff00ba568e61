import { setTimeout as sleep } from 'node:timers/promises'
import { googlePubsub } from '@anybroker/google-pubsub'
import { connect, type Broker, type ConnectOptions } from 'anybroker'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { up, urlVariable, type Broker as Process } from '../brokers/brokers.ts'
import { runFlow } from '../flow/flow.ts'
import { door } from './google-pubsub.door.ts'

/** One that only its URL is known of is not ours to kill. */
const here = (process.env[urlVariable('google-pubsub')] ?? '') !== '' && (await up('google-pubsub')).origin !== 'url'

const messages = 20_000
const unharmed = { lost: { prefix: 0, middle: 0, tail: 0 }, phantom: 0, corrupt: 0, refused: 0, sent: messages }

describe.skipIf(!here)('google-pubsub in trouble', () => {
  let emulator: Process
  beforeAll(async () => void (emulator = await up('google-pubsub', { for: 'own' })), 120_000)
  afterAll(() => emulator.down(), 60_000)

  const at = (emulatorHost: string, options?: ConnectOptions): Promise<Broker> =>
    connect(googlePubsub({ projectId: 'anybroker', emulatorHost, namespace: `f${process.pid}` }), options)
  const host = (): string => new URL(emulator.url).host
  const shutable = () => door('127.0.0.1', Number(new URL(emulator.url).port))

  test('frozen, and thawed', { timeout: 180_000 }, async () => {
    const strike = async () => {
      await emulator.freeze()
      await sleep(4_000)
      await emulator.thaw()
    }
    const report = await runFlow({
      name: 'frozen',
      messages,
      consumers: 4,
      connect: (options) => at(host(), options),
      faults: [{ at: 0.3, strike }],
    })
    process.stdout.write(`google-pubsub, frozen: ${report.line}\n`)
    expect(report).toMatchObject(unharmed)
    expect(report.longestGapMs).toBeGreaterThan(3_000)
  })

  // The emulator goes on sending to the streams that were cut, so the last messages come late: see docs/drivers/google-pubsub.md.
  test('the streams of one consumer cut', { timeout: 240_000 }, async () => {
    const way = await shutable()
    let opened = 0
    const report = await runFlow({
      name: 'cut',
      messages,
      consumers: 6,
      connect: (options) => at(opened++ === 0 ? `127.0.0.1:${way.port}` : host(), options),
      faults: [{ at: 0.3, strike: async () => (way.shut(), way.open()) }],
    })
    process.stdout.write(`google-pubsub, cut: ${report.line}\n`)
    expect(report).toMatchObject({ ...unharmed, confirmed: messages })
    await way.close()
  })

  test('killed and restarted, its topology made anew', { timeout: 240_000 }, async () => {
    const way = await shutable()
    const through = (): Promise<Broker> => at(`127.0.0.1:${way.port}`, { log: false })
    const sender = await through()
    const handled = new Map<number, number>()
    const consumers = await Promise.all(Array.from({ length: 4 }, through))
    for (const consumer of consumers) {
      const options = { concurrency: 20, maxUnsettled: 500 }
      await consumer.queue<number>('killed').consume(({ body }) => {
        handled.set(body, (handled.get(body) ?? 0) + 1)
      }, options)
    }
    const confirmed: number[] = []
    let underWay: readonly number[] = []
    /** Confirmed to us or on its way to us: what the emulator may have held. */
    let heldAtKill: ReadonlySet<number> = new Set()
    let handledAtKill = 0
    let killing: Promise<void> | undefined
    const kill = async (): Promise<void> => {
      way.shut()
      await emulator.kill()
      heldAtKill = new Set([...confirmed, ...underWay])
      handledAtKill = handled.size
      await emulator.restart()
      const keeper = await at(host(), { log: false })
      await keeper.queue('killed').open()
      await keeper.close()
      way.open()
    }
    const queue = sender.queue<number>('killed')
    for (let from = 0; from < messages; from += 500) {
      const numbers = Array.from({ length: 500 }, (_, index) => from + index)
      underWay = numbers
      await queue.sendAll(
        numbers.map((body) => ({ body })),
        { timeoutMs: 60_000 },
      )
      confirmed.push(...numbers)
      if (from === messages * 0.4) killing = kill()
    }
    await killing
    const missing = (): readonly number[] => confirmed.filter((number) => !handled.has(number))
    const lostAfter = (): readonly number[] => missing().filter((number) => !heldAtKill.has(number))
    await expect.poll(() => lostAfter().length, { timeout: 120_000, interval: 250 }).toBe(0)
    await sleep(1_000)
    const twice = [...handled.values()].filter((times) => times > 1).length
    process.stdout.write(
      `google-pubsub, killed: sent ${confirmed.length}, lost 0 of what was confirmed after; held in memory when it was killed: at most ${heldAtKill.size - handledAtKill}, ${missing().length} of it gone; ${twice} twice\n`,
    )
    expect(confirmed.length).toBe(messages)
    expect(missing().length).toBeLessThanOrEqual(heldAtKill.size - handledAtKill)
    for (const broker of [...consumers, sender]) await broker.close()
    await way.close()
  })
})
