import { declare, type Capabilities } from '@anybroker/driver'
import { describe, expect, it } from 'vitest'
import { assertOnce } from './arrives-once.ts'
import { assertEach, assertExhausted, isCount } from './grades.ts'

const graded = { grade: 'native', proof: 'engine' } as const

/** What a case knows of a broker with these grades, that took nothing back. */
function broker(
  duplicates: Capabilities['Q4']['duplicates'],
  attempt: Capabilities['D3']['attempt'] = 'exact',
): { readonly capabilities: Capabilities; readonly lost: () => number } {
  const capabilities = declare(graded, {
    Q4: { ...graded, duplicates },
    D1: { ...graded, evidence: 'confirmed' },
    D2: { ...graded, holdMaxMs: 0, maxMs: 0, block: true },
    D3: { ...graded, attempt },
    M1: { ...graded, maxBytes: 1 },
  })
  return { capabilities, lost: () => 0 }
}

function holds(assertion: () => void): boolean {
  try {
    assertion()
    return true
  } catch {
    return false
  }
}

describe('what a steady service hands out', () => {
  const steady = broker('none')

  it.each<[string, boolean, () => void]>([
    ['each once', true, () => assertEach(steady, ['b', 'a'], ['a', 'b'], 'what')],
    ['one twice', false, () => assertEach(steady, ['a', 'a'], ['a'], 'what')],
    ['one from before', false, () => assertEach(steady, ['a', 'old'], ['a'], 'what', ['old'])],
    ['arrives once', true, () => assertOnce(steady, [2, 1], [1, 2])],
    ['arrives twice', false, () => assertOnce(steady, [1, 1], [1])],
    ['arrives twice, over a fault', true, () => assertOnce(steady, [1, 1], [1], { faults: true })],
    ['arrives with one from before', false, () => assertOnce(steady, [1, 0], [1], { before: [0] })],
    ['is given up at the last attempt', true, () => assertExhausted(steady, [1, 2, 3], 3)],
    ['is given up too soon', false, () => assertExhausted(steady, [1, 2], 3)],
    ['is given up and comes again', false, () => assertExhausted(steady, [1, 2, 3, 1], 3)],
    ['skips an attempt', false, () => assertExhausted(steady, [1, 3], 3)],
    ['never comes', false, () => assertExhausted(steady, [], 3)],
  ])('%s: %s', (_, right, assertion) => {
    expect(holds(assertion)).toBe(right)
  })

  it('is counted exactly', () => {
    expect([0, 1, 2].map((count) => isCount(steady, count, 1))).toEqual([false, true, false])
  })
})

describe('what a service that repeats hands out', () => {
  const rare = broker('rare', 'ceiling')

  it.each<[string, boolean, () => void]>([
    ['each once', true, () => assertEach(rare, ['b', 'a'], ['a', 'b'], 'what')],
    ['one twice', true, () => assertEach(rare, ['a', 'a'], ['a'], 'what')],
    ['one from before', true, () => assertEach(rare, ['a', 'old'], ['a'], 'what', ['old'])],
    ['a foreign one', false, () => assertEach(rare, ['a', 'x'], ['a'], 'what', ['old'])],
    ['too few', false, () => assertEach(rare, ['a', 'a'], ['a', 'b'], 'what')],
    ['arrives twice', true, () => assertOnce(rare, [1, 1, 1], [1])],
    ['arrives with one from before', true, () => assertOnce(rare, [1, 0], [1], { before: [0] })],
    ['arrives with a foreign one', false, () => assertOnce(rare, [1, 7], [1], { before: [0] })],
    ['does not arrive', false, () => assertOnce(rare, [0], [1], { before: [0] })],
    ['is given up at the last attempt', true, () => assertExhausted(rare, [1, 3], 3)],
    ['is given up and comes again', true, () => assertExhausted(rare, [1, 2, 3, 2, 3], 3)],
    ['is given up too soon', false, () => assertExhausted(rare, [1, 2], 3)],
    ['is handed out more often than it counts', false, () => assertExhausted(rare, [1, 1, 1, 3], 3)],
  ])('%s: %s', (_, right, assertion) => {
    expect(holds(assertion)).toBe(right)
  })

  it('is counted at least', () => {
    expect([0, 1, 2].map((count) => isCount(rare, count, 1))).toEqual([false, true, true])
  })

  it('where it repeats over changes of consumers alone, comes once to one that stays', () => {
    const rebalance = broker('rebalance')
    expect(holds(() => assertOnce(rebalance, [1, 1], [1]))).toBe(false)
    expect(holds(() => assertOnce(rebalance, [1, 1], [1], { faults: true }))).toBe(true)
    expect(holds(() => assertOnce(rebalance, [1, 0], [1], { before: [0] }))).toBe(true)
  })
})
