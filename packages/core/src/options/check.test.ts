import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { integer, known, numeric, oneOf, optionalDate, optionalSignal, optionalText } from './check.ts'

interface Options {
  readonly concurrency?: number
  readonly maxUnsettled?: number
  readonly retry?: object
}
const NAMES = ['concurrency', 'maxUnsettled', 'retry'] as const
const check = (given: unknown) => known<Options>('consume: options', given as Options, NAMES)

describe('known', () => {
  it('copies, so that what the caller does after changes nothing', () => {
    const given = { concurrency: 5 }
    const copy = check(given)
    given.concurrency = 6
    expect(copy).toEqual({ concurrency: 5 })
    expect(check(undefined)).toEqual({})
  })

  it.each([
    ['concurency', 'concurrency'],
    ['Concurrency', 'concurrency'],
    ['maxUnsetled', 'maxUnsettled'],
    ['maxunsettled', 'maxUnsettled'],
    ['retries', 'retry'],
    ['retyr', 'retry'],
  ])('asks of %s whether %s was meant', (given, meant) => {
    expect(() => check({ [given]: 1 })).toThrow(`did you mean ${meant}?`)
  })

  it('asks nothing where nothing is near', () => {
    const refused = () => check({ deadLetterPolicy: 1 })
    expect(refused).toThrow('consume: options has no option "deadLetterPolicy"')
    expect(refused).not.toThrow('did you mean')
  })

  it.each([[null], ['fast'], [5], [[]], [() => 1], [Symbol('x')], [1n]])('refuses what is no object: %s', (given) => {
    expect(() => check(given)).toThrow(TypeError)
  })

  it('echoes little of what it was given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 5_000 }), (name) => {
        fc.pre(!(NAMES as readonly string[]).includes(name))
        try {
          check(Object.fromEntries([[name, 1]]))
          expect.unreachable()
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
          expect((error as Error).message.length).toBeLessThan(600)
        }
      }),
    )
  })
})

describe('the rest', () => {
  const bounds = { min: 1, max: 10, fallback: 5 }

  it('takes whole numbers within bounds, or the default', () => {
    expect([undefined, 1, 10].map((given) => integer('n', given, bounds))).toEqual([5, 1, 10])
    for (const given of [0, 11, 1.5, Number.NaN, Infinity, '5', null, 5n, {}, [5], new Number(5), true])
      expect(() => integer('options.n', given, bounds)).toThrow(/options\.n must be a whole number from 1 to 10/)
  })

  it('takes numbers within bounds, or the default', () => {
    expect([undefined, 1, 1.5, 10].map((given) => numeric('n', given, bounds))).toEqual([5, 1, 1.5, 10])
    for (const given of [0.99, 10.01, Number.NaN, Infinity, '5', null, 5n])
      expect(() => numeric('options.n', given, bounds)).toThrow(TypeError)
  })

  it('takes one of several words', () => {
    expect(oneOf('w', undefined, ['a', 'b'], 'b')).toBe('b')
    expect(oneOf('w', 'a', ['a', 'b'], 'b')).toBe('a')
    for (const given of ['c', '', null, 1, ['a'], Object('a')])
      expect(() => oneOf('options.w', given, ['a', 'b'], 'b')).toThrow('options.w must be one of a, b')
  })

  it('takes signals, dates and texts that are some', () => {
    expect(() => optionalSignal('s', new AbortController().signal)).not.toThrow()
    expect(() => optionalDate('d', new Date(0))).not.toThrow()
    expect(() => optionalText('t', 'grün', 4)).not.toThrow()
    for (const given of [null, {}, new AbortController()]) expect(() => optionalSignal('s', given)).toThrow(TypeError)
    for (const given of [null, 0, '2030-01-01', new Date(Number.NaN)])
      expect(() => optionalDate('d', given)).toThrow(TypeError)
    for (const given of [null, 0, '', 'fünfe', '\uD800']) expect(() => optionalText('t', given, 4)).toThrow(TypeError)
  })
})
