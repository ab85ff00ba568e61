import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'anybroker'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { up, urlVariable, type Broker } from '../brokers/brokers.ts'
import { runFlow, type Flow, type FlowReport } from '../flow/flow.ts'

const names = ['rabbitmq-4', 'rabbitmq-3'] as const
/** The one that only a URL is known of is not ours to kill. */
const here = async (name: (typeof names)[number]) =>
  (process.env[urlVariable(name)] ?? '') !== '' && (await up(name)).origin !== 'url'

for (const name of names) {
  describe.skipIf(!(await here(name)))(`${name} in trouble`, () => {
    let broker: Broker
    beforeAll(async () => void (broker = await up(name, { for: 'own' })), 120_000)
    afterAll(() => broker.down(), 60_000)

    const run = async (flow: Omit<Flow, 'connect' | 'consumers'>): Promise<FlowReport> => {
      const connectHere: Flow['connect'] = (options) => connect(broker.url, options)
      const report = await runFlow({ connect: connectHere, consumers: 2, ...flow })
      process.stdout.write(`${name}, ${flow.name}: ${report.line}\n`)
      return report
    }
    const unharmed = { lost: { prefix: 0, middle: 0, tail: 0 }, phantom: 0, corrupt: 0, refused: 0 }
    const kill = async (): Promise<void> => {
      await broker.kill()
      await sleep(500)
      await broker.restart()
    }

    test('killed twice under 100,000 messages', { timeout: 300_000 }, async () => {
      const messages = 100_000
      const faults = [
        { at: 0.2, strike: kill },
        { at: 0.6, strike: kill },
      ]
      const report = await run({ name: 'killed', messages, faults })
      expect(report).toMatchObject({ ...unharmed, sent: messages })
      expect(report.confirmed + report.unknown).toBe(messages)
      expect(report.disconnects).toBeGreaterThanOrEqual(2)
      // At each kill: what both consumers had in hand, and what the publisher had under way.
      expect(report.duplicated).toBeLessThanOrEqual(2 * (2 * 500 + 4 * 500 + 1_000))
    })

    test('killed while keys are in order', { timeout: 180_000 }, async () => {
      const messages = 10_000
      const report = await run({ name: 'killed-ordered', messages, keys: 50, faults: [{ at: 0.4, strike: kill }] })
      expect(report).toMatchObject({ ...unharmed, sent: messages, reordered: 0 })
      expect(report.disconnects).toBeGreaterThanOrEqual(1)
    })

    test('its connections closed by the server, time and again', { timeout: 180_000 }, async () => {
      const messages = 20_000
      const strike = async () => void (await broker.rabbitmqctl('close_all_connections', 'for a test'))
      const faults = [0.1, 0.3, 0.5, 0.7].map((at) => ({ at, strike }))
      const report = await run({ name: 'disconnected', messages, faults })
      expect(report).toMatchObject({ ...unharmed, sent: messages, confirmed: messages })
      expect(report.disconnects).toBeGreaterThanOrEqual(faults.length)
    })

    test('its memory alarm raised, and cleared', { timeout: 180_000 }, async () => {
      const messages = 20_000
      const strike = async () => {
        await broker.rabbitmqctl('set_vm_memory_high_watermark', 'absolute', '1MB')
        await sleep(3_000)
        await broker.rabbitmqctl('set_vm_memory_high_watermark', 'absolute', '512MB')
      }
      const report = await run({ name: 'alarmed', messages, faults: [{ at: 0.3, strike }] })
      expect(report).toMatchObject({ ...unharmed, sent: messages, confirmed: messages, duplicated: 0 })
      expect(report.blocks).toBeGreaterThanOrEqual(1)
    })

    test('frozen, and thawed', { timeout: 180_000 }, async () => {
      const messages = 20_000
      const strike = async () => {
        await broker.freeze()
        await sleep(4_000)
        await broker.thaw()
      }
      const report = await run({ name: 'frozen', messages, faults: [{ at: 0.3, strike }] })
      expect(report).toMatchObject({ ...unharmed, sent: messages })
      expect(report.longestGapMs).toBeGreaterThan(3_000)
    })
  })
}
