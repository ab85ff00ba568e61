import { declare } from '@anybroker/driver'
import type { Broker } from 'anybroker'
import { describe, expect, it } from 'vitest'
import type { Case } from './case.ts'
import type { Harness } from './harness.ts'
import { printed, report } from './report.ts'
import { runCase, skipReason, type CaseResult } from './run-case.ts'
import { whenAll, whenNone } from './when.ts'

const graded = { grade: 'native', proof: 'engine' } as const
const capabilities = declare(graded, {
  E1: { grade: 'none', proof: 'engine' },
  Q4: { ...graded, duplicates: 'none' },
  D1: { ...graded, evidence: 'confirmed' },
  D2: { ...graded, holdMaxMs: 0, maxMs: 0, block: true },
  D3: { ...graded, attempt: 'exact' },
  M1: { ...graded, maxBytes: 1 },
})

/** A harness whose brokers can only be closed. */
function harness(over: Partial<Harness> = {}): Harness & { readonly closed: () => number } {
  let closed = 0
  const broker = {
    driver: 'fake',
    capabilities,
    on: () => () => {},
    close: async () => void (closed += 1),
  } as unknown as Broker
  return { name: 'fake', connect: async () => broker, closed: () => closed, ...over }
}

function make(over: Partial<Case>): Case {
  return { clause: 'D5', name: 'a case', run: async () => {}, ...over }
}

async function failure(it: Case, on: Harness = harness()): Promise<string> {
  const result = await runCase(it, on, capabilities)
  return result.status === 'failed' ? result.error.message : result.status
}

describe('one case', () => {
  it('passes, and whatever it opened is closed', async () => {
    const on = harness()
    const opens = make({
      run: async (t) => {
        await t.connect()
      },
    })
    expect(await runCase(opens, on, capabilities)).toEqual({ status: 'passed' })
    expect(on.closed()).toBe(2)
  })

  it('that failed is disturbed where the broker took a session from it, and only there', async () => {
    const fails = make({ run: () => Promise.reject(new Error('no')) })
    for (const [losses, disturbed] of [
      [() => 1, true],
      [() => 0, false],
      [undefined, false],
    ] as const) {
      const on = harness(losses === undefined ? {} : { losses })
      expect(await runCase(fails, on, capabilities)).toMatchObject({ status: 'failed', disturbed })
    }
  })

  it('fails when it takes longer than its time, and is cleaned up all the same', async () => {
    const on = harness()
    const hangs = make({ timeoutMs: 20, run: () => new Promise(() => {}) })
    expect(await failure(hangs, on)).toBe('the case took longer than 20 ms')
    expect(on.closed()).toBe(1)
  })

  it('fails when the case passed but a cleanup of it did not', async () => {
    const dirty = make({
      run: async (t) => {
        t.after(() => {
          throw new Error('left behind')
        })
      },
    })
    expect(await failure(dirty)).toBe('left behind')
  })

  it('fails when closing hangs', async () => {
    const stuck = { capabilities, on: () => () => {}, close: () => new Promise(() => {}) } as unknown as Broker
    const on = harness({ connect: async () => stuck, slowness: 0.01 })
    expect(await failure(make({}), on)).toMatch(/^not within 70 ms: closing a connection/)
  })

  it('runs cleanups last first', async () => {
    const order: number[] = []
    const two = make({
      run: async (t) => {
        t.after(() => order.push(1))
        t.after(() => order.push(2))
      },
    })
    await runCase(two, harness(), capabilities)
    expect(order).toEqual([2, 1])
  })

  it('bounds every wait', async () => {
    const on = harness({ slowness: 0.01 })
    expect(await failure(make({ run: (t) => t.within(new Promise(() => {}), 'it') }), on)).toBe('not within 100 ms: it')
    const never = make({ run: async (t) => void (await t.until('it', () => false)) })
    expect(await failure(never, on)).toBe('not within 100 ms: it')
    const hangs = make({ run: async (t) => void (await t.until('it', () => new Promise<boolean>(() => {}))) })
    expect(await failure(hangs, on)).toBe('not within 100 ms: it')
    const starved = make({ run: async (t) => void (await t.inbox().count(1)) })
    expect(await failure(starved, on)).toBe('not within 100 ms: 1 deliveries. Got 0: ')
  })

  it('fails where a rejection is missing or is another one', async () => {
    const rejects = (promise: () => Promise<unknown>, code: string) =>
      failure(make({ run: async (t) => void (await t.rejects(promise(), code)) }))
    expect(await rejects(async () => {}, 'CLOSED')).toBe('expected a rejection with CLOSED, but it resolved')
    const typeError = () => Promise.reject(new TypeError('x'))
    expect(await rejects(typeError, 'CLOSED')).toBe('expected CLOSED, got TypeError: x')
    expect(await rejects(typeError, 'TypeError')).toBe('passed')
  })
})

describe('what is not run', () => {
  it.each<[string, Case, Partial<Harness>, string | undefined]>([
    ['what the harness skips by name', make({}), { skip: { 'D5: a case': 'slow' } }, 'slow'],
    ['what the harness skips by clause', make({}), { skip: { D5: 'slow' } }, 'slow'],
    ['what needs more than the harness can', make({ needs: ['spawn'] }), {}, 'the harness has no spawn'],
    ['with the reason of the harness', make({ needs: ['spawn'] }), { absent: { spawn: 'in process' } }, 'in process'],
    ['what is graded none', make({ clause: 'E1' }), {}, 'E1 is graded none'],
    ['what needs another clause', make({ when: whenAll('D5', 'E1') }), {}, 'E1 is graded none'],
    ['a refusal of what is there', make({ when: whenNone('D7') }), {}, 'graded native, nothing to refuse'],
    ['but a refusal of what is not', make({ clause: 'E1', when: whenNone('E1') }), {}, undefined],
    ['but a default', make({ clause: 'default' }), {}, undefined],
  ])('%s', (_, it, over, reason) => {
    expect(skipReason(it, harness(over), capabilities)).toBe(reason)
  })
})

describe('the report', () => {
  const results = new Map<Case, CaseResult>([
    [make({ clause: 'default', name: 'z' }), { status: 'passed' }],
    [make({ clause: 'D5', name: 'b' }), { status: 'skipped', reason: 'slow' }],
    [make({ clause: 'D5', name: 'a' }), { status: 'failed', error: new Error('at 0x1234'), disturbed: false }],
    [make({ clause: 'Q1', name: 'c' }), { status: 'passed' }],
  ])
  const made = report('fake', { driver: 'fake', capabilities }, results)

  it('is in the order of the contract and holds nothing that changes from run to run', () => {
    expect(made.cases).toEqual([
      { clause: 'Q1', name: 'c', status: 'passed' },
      { clause: 'D5', name: 'a', status: 'failed' },
      { clause: 'D5', name: 'b', status: 'skipped', reason: 'slow' },
      { clause: 'default', name: 'z', status: 'passed' },
    ])
  })

  it('prints what was skipped, and why', () => {
    expect(printed(made)).toBe('fake: skipped, slow: D5\nfake: 2 passed, 1 failed, 1 skipped\n')
  })
})
