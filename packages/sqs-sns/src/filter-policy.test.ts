import { expect, test } from 'vitest'
import { filterPolicy } from './filter-policy.ts'

const policy = (filter: Parameters<typeof filterPolicy>[0]) => {
  const text = filterPolicy(filter)
  return text === undefined ? undefined : (JSON.parse(text) as { readonly $or: readonly object[] }).$or
}
const PACKED = { 'ab-packed': [{ exists: true }] }

test('each operator, and what is packed comes too', () => {
  expect(policy({ a: 'x', b: ['y', 'z'], c: { prefix: 'p' }, d: { exists: true } })).toEqual([
    { a: ['x'], b: ['y', 'z'], c: [{ prefix: 'p' }], d: [{ exists: true }] },
    PACKED,
  ])
})

test.each([
  ['no filter', undefined],
  ['an empty one', {}],
  ['a value that no attribute has', { a: '' }],
  ['a header that must not be there', { a: { exists: false } }],
  ['none but such values', { a: ['', ''] }],
  ['a name that would end the alternatives', { prefix: 'x' }],
  ['a value longer than a policy compares', { a: 'x'.repeat(257) }],
  ['a prefix longer than that', { a: { prefix: 'x'.repeat(257) } }],
])('%s: no policy', (_, filter) => {
  expect(policy(filter)).toBeUndefined()
})

test('an empty value among others is left out: a message that has it is packed', () => {
  expect(policy({ a: ['', 'x', 'x'] })).toEqual([{ a: ['x'] }, PACKED])
})

test('an empty prefix asks that the header is there', () => {
  expect(policy({ a: { prefix: '' } })).toEqual([{ a: [{ exists: true }] }, PACKED])
})

test('keys and values beyond what SNS takes are left to core', () => {
  const five = policy({ a: '1', b: '2', c: '3', d: '4', e: '5', f: '6' })
  expect(Object.keys(five?.[0] ?? {})).toEqual(['a', 'b', 'c', 'd'])
  const values = Array.from({ length: 100 }, (_, index) => `v${index}`)
  expect(policy({ a: values, b: ['x', 'y'], c: 'z' })).toEqual([{ a: values, c: ['z'] }, PACKED])
})
