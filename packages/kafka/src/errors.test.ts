import { BrokerError, ERROR_CODES } from '@anybroker/driver'
import { KafkaJSConnectionError } from 'kafkajs'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeError, notFound, unavailable } from './errors.ts'

const protocol = (type: string, retriable = false) => Object.assign(new Error(type), { type, retriable })

test.each([
  [protocol('UNKNOWN_TOPIC_OR_PARTITION', true), 'NOT_FOUND', false],
  [protocol('MESSAGE_TOO_LARGE'), 'MESSAGE_TOO_LARGE', false],
  [protocol('NOT_ENOUGH_REPLICAS', true), 'UNAVAILABLE', true],
  [protocol('TOPIC_AUTHORIZATION_FAILED'), 'UNAUTHORIZED', false],
  [protocol('SASL_AUTHENTICATION_FAILED'), 'UNAUTHORIZED', false],
  [protocol('INCONSISTENT_GROUP_PROTOCOL'), 'CONFLICT', false],
  [protocol('UNKNOWN_MEMBER_ID'), 'UNAVAILABLE', true],
  [protocol('LEADER_NOT_AVAILABLE', true), 'UNAVAILABLE', true],
  [protocol('SOMETHING_NEW'), 'UNAVAILABLE', false],
  [Object.assign(new Error('no'), { name: 'KafkaJSSASLAuthenticationError' }), 'UNAUTHORIZED', false],
  [Object.assign(new Error('no'), { name: 'KafkaJSRequestTimeoutError' }), 'UNAVAILABLE', true],
  [Object.assign(new Error('no'), { code: 'ECONNREFUSED' }), 'UNAVAILABLE', true],
  [Object.assign(new Error('no'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' }), 'UNAUTHORIZED', false],
  [new KafkaJSConnectionError('gone'), 'UNAVAILABLE', true],
  [notFound('sending', { kind: 'queue', name: 'orders', ordering: 'none' }), 'NOT_FOUND', false],
  [unavailable('gone', 'connection'), 'UNAVAILABLE', true],
  [new BrokerError('CONFLICT', 'no'), 'CONFLICT', false],
])('%s', (error, code, retryable) => {
  expect(describeError(error)).toMatchObject({ code, retryable })
})

test('it answers for anything', () => {
  const trap = {
    get type(): string {
      throw new Error('a trap')
    },
    get name(): string {
      throw new Error('a trap')
    },
  }
  for (const nonsense of [undefined, null, 0, '', Symbol('x'), () => 0, trap, Object.create(null)]) {
    expect(ERROR_CODES).toContain(describeError(nonsense).code)
  }
  fc.assert(fc.property(fc.anything(), (nonsense) => ERROR_CODES.includes(describeError(nonsense).code)))
})
