import { expect, test } from 'vitest'
import { checked, parseUrl } from './options.ts'

test('defaults', () => {
  expect(checked({}, {})).toEqual({ namespace: 'ab', readyMs: 1_000, endpoints: {} })
  expect(Object.isFrozen(checked({}, {}))).toBe(true)
})

test.each(['sqs-sns:', 'sqs-sns://', 'SQS-SNS:/', 'sqs-sns:?'])('%s is enough', (url) => {
  expect(parseUrl(url)).toEqual({})
})

test('a URL spells what the options do', () => {
  expect(parseUrl('sqs-sns:?namespace=shop&readyMs=0')).toEqual({ namespace: 'shop', readyMs: 0 })
})

test.each([
  'sqs-sns://key:CANARY@sqs.eu-west-1.amazonaws.com',
  'sqs-sns://localhost:4566',
  'sqs-sns:?region=CANARY',
  'sqs-sns:?endpoint=http://CANARY',
  'sqs-sns:?namespace=a&namespace=CANARY',
  'sqs:?CANARY',
])('%s is refused without being shown', (url) => {
  expect(() => parseUrl(url)).toThrow(TypeError)
  expect(() => parseUrl(url)).not.toThrow(/CANARY/)
})

test.each([
  [{ namespace: '' }, /namespace/],
  [{ namespace: '-x' }, /namespace/],
  [{ namespace: 'a'.repeat(33) }, /namespace/],
  [{ namespace: 7 }, /namespace/],
  [{ readyMs: -1 }, /readyMs/],
  [{ readyMs: 60_001 }, /readyMs/],
  [{ readyMs: '1' }, /readyMs/],
  [{ region: 'eu-west-1' }, /no option "region"/],
  [null, /object/],
  [[], /object/],
])('%j is a TypeError that says so', (options, message) => {
  expect(() => checked(options as never, {})).toThrow(TypeError)
  expect(() => checked(options as never, {})).toThrow(message)
})

test('endpoints are where the official variables say, the special one first', () => {
  const AWS_ENDPOINT_URL = 'http://127.0.0.1:4566'
  const AWS_ENDPOINT_URL_SNS = 'http://127.0.0.1:4567'
  expect(checked({}, { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_SNS }).endpoints).toEqual({
    sqs: AWS_ENDPOINT_URL,
    sns: AWS_ENDPOINT_URL_SNS,
  })
  const ignored = { AWS_ENDPOINT_URL, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'TRUE' }
  expect(checked({}, ignored).endpoints).toEqual({})
  expect(checked({}, { AWS_ENDPOINT_URL: '' }).endpoints).toEqual({})
  for (const wrong of ['not a URL', 'ftp://x', 'CANARY'])
    expect(() => checked({}, { AWS_ENDPOINT_URL: wrong })).toThrow(/AWS_ENDPOINT_URL must be a URL/)
})
