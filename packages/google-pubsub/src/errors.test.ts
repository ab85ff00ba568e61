import { BrokerError, ERROR_CODES } from '@anybroker/driver'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeError, isRefusal } from './errors.ts'

const coded = (message: string, code: number | string) => Object.assign(new Error(message), { code })

test.each([
  [coded('5 NOT_FOUND: Resource not found (resource=x)', 5), 'NOT_FOUND', false],
  [coded('6 ALREADY_EXISTS: Topic already exists', 6), 'CONFLICT', false],
  [coded('7 PERMISSION_DENIED: User not authorized to perform this action.', 7), 'UNAUTHORIZED', false],
  [coded('16 UNAUTHENTICATED: Request had invalid authentication credentials.', 16), 'UNAUTHORIZED', false],
  [coded('8 RESOURCE_EXHAUSTED: Quota exceeded', 8), 'UNAVAILABLE', true],
  [coded('14 UNAVAILABLE: No connection established. Last error: connect ECONNREFUSED', 14), 'UNAVAILABLE', true],
  [coded('13 INTERNAL: Received RST_STREAM with code 2', 13), 'UNAVAILABLE', true],
  [coded('4 DEADLINE_EXCEEDED', 4), 'UNAVAILABLE', true],
  [coded('1 CANCELLED: Cancelled on client', 1), 'UNAVAILABLE', true],
  [coded('12 UNIMPLEMENTED', 12), 'UNSUPPORTED', false],
  [coded('9 FAILED_PRECONDITION: Subscription is detached', 9), 'CONFLICT', false],
  [coded('3 INVALID_ARGUMENT: Request payload size exceeds the limit: 10485760 bytes.', 3), 'MESSAGE_TOO_LARGE', false],
  [coded('3 INVALID_ARGUMENT: Invalid resource name', 3), 'REFUSED', false],
  [new Error('Could not load the default credentials. Browse to https://…'), 'UNAUTHORIZED', false],
  [new Error('Unable to detect a Project Id in the current environment.'), 'UNAUTHORIZED', false],
  [coded('getaddrinfo ENOTFOUND nowhere', 'ENOTFOUND'), 'UNAVAILABLE', true],
  [coded('self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT'), 'UNAUTHORIZED', false],
  [new BrokerError('REFUSED', 'full', { retryable: true }), 'REFUSED', true],
])('%s', (error, code, retryable) => {
  expect(describeError(error)).toMatchObject({ code, retryable })
})

test('it answers for anything, and throws for nothing', () => {
  const hostile = {
    get code(): never {
      throw new Error('no')
    },
    get message(): never {
      throw new Error('no')
    },
  }
  expect(ERROR_CODES).toContain(describeError(hostile).code)
  fc.assert(
    fc.property(fc.anything(), (thrown) => {
      const { code, retryable, scope } = describeError(thrown)
      expect(ERROR_CODES).toContain(code)
      expect(typeof retryable).toBe('boolean')
      expect(['message', 'receiver', 'connection']).toContain(scope)
      expect(typeof isRefusal(thrown)).toBe('boolean')
    }),
  )
})

test('refused is only what the service said no to, or never heard of', () => {
  for (const code of [3, 5, 7, 9, 16]) expect([code, isRefusal(coded('no', code))]).toEqual([code, true])
  for (const code of [1, 2, 4, 8, 10, 13, 14]) expect([code, isRefusal(coded('maybe', code))]).toEqual([code, false])
  expect(isRefusal(coded('14 UNAVAILABLE: No connection established', 14))).toBe(true)
  expect(isRefusal(coded('14 UNAVAILABLE: Connection dropped', 14))).toBe(false)
  expect(isRefusal(new Error('x'))).toBe(false)
})
