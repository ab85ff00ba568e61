import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { checked, type GooglePubsubOptions, parseUrl } from './options.ts'

const NONE = {}

test('a URL names the project; everything else has a default', () => {
  expect(checked(parseUrl('google-pubsub://shop-prod'), NONE)).toEqual({
    projectId: 'shop-prod',
    namespace: 'ab',
    exactlyOnce: false,
    emulator: undefined,
  })
  expect(checked(parseUrl('google-pubsub:'), { GOOGLE_CLOUD_PROJECT: 'from-env' }).projectId).toBe('from-env')
  expect(checked(parseUrl('google-pubsub://example.com:shop'), NONE).projectId).toBe('example.com:shop')
})

test('a URL with all that it may have', () => {
  const url = 'google-pubsub://p1?namespace=shop&exactlyOnce=true&emulatorHost=localhost:8085&allowEmulator=true'
  expect(checked(parseUrl(url), { NODE_ENV: 'production' })).toEqual({
    projectId: 'p1',
    namespace: 'shop',
    exactlyOnce: true,
    emulator: 'localhost:8085',
  })
})

test('PUBSUB_EMULATOR_HOST is honoured, an option counts for more', () => {
  const environment = { PUBSUB_EMULATOR_HOST: 'http://one:1' }
  expect(checked({ projectId: 'p1' }, environment).emulator).toBe('one:1')
  expect(checked({ projectId: 'p1', emulatorHost: '[::1]:2' }, environment).emulator).toBe('[::1]:2')
  expect(checked({ projectId: 'p1' }, { PUBSUB_EMULATOR_HOST: '' }).emulator).toBeUndefined()
})

test('an emulator is refused in production unless it is allowed', () => {
  const environment = { PUBSUB_EMULATOR_HOST: 'one:1', NODE_ENV: 'production' }
  expect(() => checked({ projectId: 'p1' }, environment)).toThrow(/NODE_ENV is production/)
  expect(checked({ projectId: 'p1', allowEmulator: true }, environment).emulator).toBe('one:1')
})

const CANARY = 'CANARY-7f3'
test.each([
  `google-pubsub://user:${CANARY}@project`,
  `google-pubsub://p1/${CANARY}`,
  `google-pubsub://p1?what=${CANARY}`,
  `google-pubsub://p1?namespace=a&namespace=${CANARY}`,
  `google-pubsub://p1#${CANARY}`,
  `pubsub://${CANARY}`,
])('%s is refused, and never shown', (url) => {
  let error: unknown
  try {
    checked(parseUrl(url), NONE)
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(TypeError)
  expect(inspect(error)).not.toContain(CANARY)
})

test.each([
  { projectId: '' },
  { projectId: 'Upper' },
  { projectId: 7 },
  { namespace: '' },
  { namespace: '1st' },
  { namespace: 'google' },
  { namespace: 'a.b' },
  { namespace: 'x'.repeat(33) },
  { exactlyOnce: 'yes' },
  { allowEmulator: 1 },
  { projectId: 'p1', emulatorHost: 'localhost' },
  { projectId: 'p1', emulatorHost: 'localhost:99999' },
  { projectId: 'p1', emulatorHost: '' },
  { emulatorHost: 'localhost:1' },
  { host: 'x' },
  [],
  null,
  'x',
])('%j is a TypeError', (options) => {
  expect(() => checked(options as GooglePubsubOptions, NONE)).toThrow(TypeError)
})

test('settings are frozen', () => {
  expect(Object.isFrozen(checked({ projectId: 'p1' }, NONE))).toBe(true)
})
