import type { Filter } from '@anybroker/driver'
import { expect, test } from 'vitest'
import { nativeFilter } from './filter.ts'

test.each<[Filter | undefined, string]>([
  [undefined, ''],
  [{}, ''],
  [{ region: 'eu' }, 'attributes.region = "eu"'],
  [{ region: ['eu', 'us'] }, '(attributes.region = "eu" OR attributes.region = "us")'],
  [{ region: { prefix: 'eu-' } }, 'hasPrefix(attributes.region, "eu-")'],
  [{ region: { exists: true } }, 'attributes:region'],
  [{ region: { exists: false } }, 'NOT attributes:region'],
  [{ a: 'x', b: { exists: true } }, 'attributes.a = "x" AND attributes:b'],
  [{ 'trace-id': 'x' }, 'attributes.trace-id = "x"'],
  [{ 'a.b': 'x' }, 'attributes."a.b" = "x"'],
  [{ a: 'say "hi" \\' }, String.raw`attributes.a = "say \"hi\" \\"`],
])('%j', (filter, native) => {
  expect(nativeFilter(filter)).toBe(native)
})

test('what can not be said is left to core: the filter is laxer, never stricter', () => {
  expect(nativeFilter({ a: 'ü' })).toBe('')
  expect(nativeFilter({ a: ['x', 'ü'], b: 'y' })).toBe('attributes.b = "y"')
  expect(nativeFilter({ a: { prefix: 'ü' } })).toBe('')
})

test('256 bytes at most', () => {
  const native = nativeFilter({ a: 'x'.repeat(200), b: 'y'.repeat(100), c: 'z' })
  expect(native).toBe(`attributes.a = "${'x'.repeat(200)}" AND attributes.c = "z"`)
  expect(native.length).toBeLessThanOrEqual(256)
})
