import { BrokerError, ERROR_CODES } from '@anybroker/driver'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeError } from './errors.ts'

const coded = (message: string, code: number | string) => Object.assign(new Error(message), { code })

test.each([
  [
    coded('Operation failed: QueueDeclare; 404 (NOT-FOUND) with message "NOT_FOUND - no queue \'x\'"', 404),
    'NOT_FOUND',
    false,
  ],
  [coded('Operation failed: QueueDeclare; 403 (ACCESS-REFUSED)', 403), 'UNAUTHORIZED', false],
  [coded('Channel closed by server: 406 (PRECONDITION-FAILED) inequivalent arg', 406), 'CONFLICT', false],
  [coded('406 PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out', 406), 'UNAVAILABLE', true],
  [coded('Connection closed: 320 (CONNECTION-FORCED)', 320), 'UNAVAILABLE', true],
  [new Error('Handshake terminated by server: 403 (ACCESS-REFUSED) with message "…"'), 'UNAUTHORIZED', false],
  [new Error('Connection closed: 530 - vhost nowhere not found'), 'NOT_FOUND', false],
  [new Error('message nacked'), 'REFUSED', true],
  [new Error('Channel closed'), 'UNAVAILABLE', true],
  [new Error('Heartbeat timeout'), 'UNAVAILABLE', true],
  [coded('connect ECONNREFUSED 127.0.0.1:1', 'ECONNREFUSED'), 'UNAVAILABLE', true],
  [coded('self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT'), 'UNAUTHORIZED', false],
  [new BrokerError('REFUSED', 'full', { retryable: true }), 'REFUSED', true],
])('%s', (error, code, retryable) => {
  expect(describeError(error)).toMatchObject({ code, retryable })
})

test('it answers for anything, and throws for nothing', () => {
  const traps = [
    {
      get code(): never {
        throw new Error('trap')
      },
    },
    new Proxy(
      {},
      {
        get: () => {
          throw new Error('trap')
        },
      },
    ),
    { code: Number.NaN, message: 7 },
  ]
  for (const trap of traps) expect(ERROR_CODES).toContain(describeError(trap).code)
  fc.assert(
    fc.property(fc.anything(), (nonsense) => {
      expect(ERROR_CODES).toContain(describeError(nonsense).code)
    }),
  )
})
