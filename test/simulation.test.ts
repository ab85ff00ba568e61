import { BrokerError, type Driver } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import { describe, expect, it } from 'vitest'
import { simulate, type SimulationOptions } from './simulation/run.ts'

const asked = process.env['SEED']
/** 200 in CI; `pnpm soak` asks for more. */
const count = Number(process.env['SEEDS'] ?? 200)
const SEEDS = asked === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(asked)]
const AT_ONCE = 20
const chunks = Array.from({ length: Math.ceil(SEEDS.length / AT_ONCE) }, (_, index) =>
  SEEDS.slice(index * AT_ONCE, (index + 1) * AT_ONCE),
)

/** What is wrong with a seed, and the one command that shows it again. */
async function verdictOn(seed: number): Promise<string | undefined> {
  const problems = await simulate(seed)
  if (problems.length === 0) return undefined
  const replay = `SEED=${seed} pnpm vitest run --config .config/vitest.config.ts test/simulation.test.ts`
  return [`seed ${seed}:`, ...problems.slice(0, 10), `${problems.length} in all; replay: ${replay}`].join('\n  ')
}

describe('core on the memory engine, with everything going wrong', () => {
  it.each(chunks.map((seeds) => [`${seeds[0]} to ${seeds.at(-1)}`, seeds] as const))(
    'loses nothing, invents nothing and leaves nothing behind: seeds %s',
    async (_what, seeds) => {
      const verdicts: string[] = []
      for (const seed of seeds) {
        const verdict = await verdictOn(seed)
        if (verdict !== undefined) verdicts.push(verdict)
      }
      expect(verdicts.join('\n')).toBe('')
    },
  )
})

describe('the checker sees', () => {
  /** What it says of some runs, by the word that each sentence begins with. */
  async function saysOf(options: SimulationOptions): Promise<Set<string | undefined>> {
    const problems: string[] = []
    for (const seed of [3, 6, 9]) problems.push(...(await simulate(seed, options)))
    return new Set(problems.map((problem) => /^[a-z ]+/.exec(problem)?.[0]))
  }

  const sending = (answer: (index: number) => 'drop' | 'store' | 'store and refuse') => (inner: Driver) => {
    let sent = 0
    return wrapDriver(inner, {
      sender: (sender, { kind }) =>
        override(sender, {
          send: async (batch, signal) => {
            if (kind === 'dead-letters') return sender.send(batch, signal)
            const fates = batch.map(() => answer((sent += 1)))
            const stored = batch.filter((_, index) => fates[index] !== 'drop')
            const outcomes = [...(await sender.send(stored, signal))]
            return fates.map((fate) => {
              const outcome = fate === 'drop' ? undefined : outcomes.shift()
              if (fate === 'store and refuse') return { as: 'refused', error: new BrokerError('REFUSED', 'planted') }
              return outcome ?? { as: 'confirmed', evidence: 'planted' }
            })
          },
        }),
    })
  }

  it('a driver that confirms what it did not store', async () => {
    expect(await saysOf({ plant: sending((index) => (index % 10 === 0 ? 'drop' : 'store')) })).toContain('lost')
  })

  it('a driver that refuses what it stored', async () => {
    const plant = sending((index) => (index % 10 === 0 ? 'store and refuse' : 'store'))
    expect(await saysOf({ plant })).toContain('phantom')
  })

  it("a driver that settles another's message", async () => {
    const plant = (inner: Driver) =>
      wrapDriver(inner, {
        receiver: (receiver, { kind }) => {
          if (kind === 'dead-letters') return receiver
          let last: unknown
          return override(receiver, {
            receive: async (max, options) => {
              const got = await receiver.receive(max, options)
              last = got.at(-1)?.receipt ?? last
              return got
            },
            settle: (batch, signal) =>
              receiver.settle(
                batch.map((one) => (one.as === 'ack' ? { ...one, receipt: last } : one)),
                signal,
              ),
          })
        },
      })
    expect(await saysOf({ plant })).toContain('settled for nothing')
  })

  it('a driver that stores a batch backwards', async () => {
    const plant = (inner: Driver) =>
      wrapDriver(inner, {
        sender: (sender) =>
          override(sender, {
            send: async (batch, signal) => (await sender.send(batch.toReversed(), signal)).toReversed(),
          }),
      })
    expect(await saysOf({ plant })).toContain('order')
  })

  it('a driver whose every message seems to have no attempts left', async () => {
    const plant = (inner: Driver) =>
      wrapDriver(inner, {
        receiver: (receiver) =>
          override(receiver, {
            receive: async (max, options) =>
              (await receiver.receive(max, options)).map((one) => ({ ...one, attempt: one.attempt + 4 })),
          }),
      })
    // Nothing reaches a handler then: all of it lies in the dead letters.
    expect(await saysOf({ plant })).toContain('nothing was ever delivered')
  })

  it('a driver that forgets when a message is due', async () => {
    const plant = (inner: Driver) =>
      wrapDriver(inner, {
        sender: (sender) =>
          override(sender, {
            send: (batch, signal) =>
              sender.send(
                batch.map(({ deliverAt: _deliverAt, ...message }) => message),
                signal,
              ),
          }),
      })
    expect(await saysOf({ plant })).toContain('early')
  })

  it('a run in which nothing went wrong', async () => {
    expect(await saysOf({ plan: { rates: {} } })).toEqual(new Set(['no fault took effect']))
  })
})
