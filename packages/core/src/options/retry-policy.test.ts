import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffMs, fullRetryPolicy } from './retry-policy.ts'

describe('fullRetryPolicy', () => {
  it('has the defaults of the contract', () => {
    expect(fullRetryPolicy('retry', undefined)).toEqual({
      maxAttempts: 10,
      initialMs: 1_000,
      factor: 2,
      maxMs: 60_000,
      jitter: 0.2,
      retryIf: undefined,
      onRetry: 'block',
      exhausted: 'dead-letter',
    })
  })

  it('lays what a consumer says over what its queue says, option by option', () => {
    const policy = fullRetryPolicy('retry', { maxAttempts: 2 }, { maxAttempts: 5, exhausted: 'drop' })
    expect(policy).toMatchObject({ maxAttempts: 2, exhausted: 'drop' })
  })

  it.each([
    [{ maxAttempts: 0 }, 'maxAttempts'],
    [{ maxAttempts: 101 }, 'maxAttempts'],
    [{ backoff: { factor: 0.5 } }, 'factor'],
    [{ backoff: { jitter: Number.NaN } }, 'jitter'],
    [{ backoff: { initalMs: 5 } }, 'did you mean initialMs'],
    [{ onRetry: 'later' }, 'onRetry'],
    [{ retryIf: true }, 'retryIf'],
  ])('refuses %j', (given, names) => {
    expect(() => fullRetryPolicy('retry', given as never)).toThrow(TypeError)
    expect(() => fullRetryPolicy('retry', given as never)).toThrow(names)
  })
})

describe('backoffMs', () => {
  const policy = fc.record({
    initialMs: fc.integer({ min: 0, max: 100_000 }),
    factor: fc.double({ min: 1, max: 10, noNaN: true }),
    maxMs: fc.integer({ min: 0, max: 86_400_000 }),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  const attempt = fc.integer({ min: 1, max: 100 })
  const full = (given: { initialMs: number; factor: number; maxMs: number; jitter: number }) =>
    fullRetryPolicy('retry', { backoff: given })

  it('is never early, and at most the jitter late', () => {
    fc.assert(
      fc.property(policy, attempt, random, (given, which, drawn) => {
        const wanted = Math.min(given.maxMs, given.initialMs * given.factor ** (which - 1))
        const delay = backoffMs(full(given), which, drawn)
        expect(Number.isSafeInteger(delay)).toBe(true)
        expect(delay).toBeGreaterThanOrEqual(wanted)
        expect(delay).toBeLessThanOrEqual(Math.ceil(wanted * (1 + given.jitter)))
      }),
    )
  })

  it('never shrinks from one attempt to the next', () => {
    fc.assert(
      fc.property(policy, fc.integer({ min: 1, max: 99 }), random, (given, which, drawn) => {
        expect(backoffMs(full(given), which + 1, drawn)).toBeGreaterThanOrEqual(backoffMs(full(given), which, drawn))
      }),
    )
  })

  it('is 1 s, 2 s, 4 s … 60 s by default', () => {
    const defaults = fullRetryPolicy('retry', undefined)
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((which) => backoffMs(defaults, which, 0))
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
    expect(backoffMs(defaults, 1, 0.9999)).toBe(1_200)
  })
})
