import { expect, test } from 'vitest'
import { checked, parseUrl } from './options.ts'
import { kept, streamSettings } from './stream-options.ts'

const DEFAULTS = { maxAgeMs: 604_800_000, maxBytes: 10_000_000_000 }

test('a URL says which topics, and how much they keep', () => {
  expect(checked(parseUrl('amqp://mq')).stream).toEqual({ mode: 'off', ...DEFAULTS })
  const url = 'amqp://mq?stream=asked&streamMaxAgeMs=1000&streamMaxBytes=1000000'
  expect(checked(parseUrl(url)).stream).toEqual({ mode: 'asked', maxAgeMs: 1_000, maxBytes: 1_000_000 })
})

test.each([
  ['yes', undefined, undefined, /stream must be off, asked or all/],
  ['all', 999, undefined, /streamMaxAgeMs must be a whole number from 1000 to/],
  ['all', '5s', undefined, /streamMaxAgeMs/],
  ['all', undefined, 999_999, /streamMaxBytes must be a whole number from 1000000 to/],
  ['all', undefined, Number.NaN, /streamMaxBytes/],
] as const)('stream %s, age %s, bytes %s is refused', (mode, maxAgeMs, maxBytes, message) => {
  expect(() => streamSettings(mode, maxAgeMs, maxBytes)).toThrow(message)
})

test('the mode decides where a topic says nothing, the topic where it does', () => {
  const [asked, all] = (['asked', 'all'] as const).map((mode) => streamSettings(mode, undefined, undefined))
  expect(kept('topic a', undefined, asked!)).toBeUndefined()
  expect(kept('topic a', { stream: true }, asked!)).toEqual(DEFAULTS)
  expect(kept('topic a', undefined, all!)).toMatchObject(DEFAULTS)
  expect(kept('topic a', { stream: false }, all!)).toBeUndefined()
  expect(kept('topic a', { stream: { maxAgeMs: 5_000 } }, all!)).toEqual({ ...DEFAULTS, maxAgeMs: 5_000 })
})

test('what would not be heard is refused', () => {
  const all = streamSettings('all', undefined, undefined)
  const off = streamSettings('off', undefined, undefined)
  expect(() => kept('topic a', { stream: true }, off)).toThrow(/option stream is off/)
  expect(kept('topic a', { stream: false }, off)).toBeUndefined()
  expect(() => kept('topic a', { strem: true }, all)).toThrow(/native\.rabbitmq\.strem of topic a/)
  for (const stream of ['yes', 1, null, [], { maxAge: 1 }, { maxBytes: 0 }])
    expect(() => kept('topic a', { stream }, all)).toThrow(TypeError)
})
