import { NotFoundException } from '@aws-sdk/client-sns'
import { QueueDoesNotExist, SQSServiceException } from '@aws-sdk/client-sqs'
import { BrokerError, ERROR_CODES } from '@anybroker/driver'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { describeError, entryError, isRefusal } from './errors.ts'

/** As the SDK makes it of an answer of the service. */
const answered = (name: string, message = '', status = 400) =>
  new SQSServiceException({
    name,
    message,
    $fault: status < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode: status },
  })
const $metadata = { httpStatusCode: 400 }

describe('what the services answer', () => {
  test.each([
    [new QueueDoesNotExist({ message: 'The specified queue does not exist.', $metadata }), 'NOT_FOUND', false],
    [new NotFoundException({ message: 'Topic does not exist', $metadata }), 'NOT_FOUND', false],
    [answered('AWS.SimpleQueueService.NonExistentQueue'), 'NOT_FOUND', false],
    [answered('com.amazonaws.sqs#QueueDoesNotExist'), 'NOT_FOUND', false],
    [answered('QueueNameExists'), 'CONFLICT', false],
    [answered('QueueDeletedRecently', 'You must wait 60 seconds after deleting a queue'), 'UNAVAILABLE', true],
    [answered('AWS.SimpleQueueService.QueueDeletedRecently'), 'UNAVAILABLE', true],
    [answered('PurgeQueueInProgress'), 'UNAVAILABLE', true],
    [answered('OverLimit', 'Too many messages in flight'), 'UNAVAILABLE', true],
    [answered('RequestThrottled'), 'UNAVAILABLE', true],
    [answered('ThrottlingException', 'Rate exceeded'), 'UNAVAILABLE', true],
    [answered('ThrottledException', '', 429), 'UNAVAILABLE', true],
    [answered('KmsThrottled'), 'UNAVAILABLE', true],
    [answered('InternalError', '', 500), 'UNAVAILABLE', true],
    [answered('ServiceUnavailable', '', 503), 'UNAVAILABLE', true],
    [answered('Unheard', '', 502), 'UNAVAILABLE', true],
    [answered('AccessDenied', 'not authorized to perform: sqs:sendmessage', 403), 'UNAUTHORIZED', false],
    [answered('AuthorizationErrorException', '', 403), 'UNAUTHORIZED', false],
    [
      answered('InvalidClientTokenId', 'The security token included in the request is invalid.', 403),
      'UNAUTHORIZED',
      false,
    ],
    [answered('SignatureDoesNotMatch', '', 403), 'UNAUTHORIZED', false],
    [answered('ExpiredToken', 'The security token included in the request is expired', 403), 'UNAUTHORIZED', false],
    [answered('ExpiredTokenException'), 'UNAUTHORIZED', false],
    [answered('KmsAccessDenied'), 'UNAUTHORIZED', false],
    [answered('Unheard', '', 403), 'UNAUTHORIZED', false],
    [answered('ReceiptHandleIsInvalid'), 'LEASE_LOST', false],
    [answered('MessageNotInflight'), 'LEASE_LOST', false],
    [
      answered(
        'InvalidParameterValue',
        'Value x for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.',
      ),
      'LEASE_LOST',
      false,
    ],
    [
      answered('InvalidParameterValue', 'Total VisibilityTimeout for the message is beyond the limit [43200 seconds]'),
      'LEASE_LOST',
      false,
    ],
    [
      answered('BatchRequestTooLong', 'Batch requests cannot be longer than 1048576 bytes.'),
      'MESSAGE_TOO_LARGE',
      false,
    ],
    [
      answered(
        'InvalidParameterValue',
        'One or more parameters are invalid. Reason: Message must be shorter than 262144 bytes.',
      ),
      'MESSAGE_TOO_LARGE',
      false,
    ],
    [answered('InvalidParameter', 'Invalid parameter: Message too long'), 'MESSAGE_TOO_LARGE', false],
    [answered('InvalidMessageContents'), 'INVALID_MESSAGE', false],
    [answered('InvalidParameterValue', 'Value 99 for parameter VisibilityTimeout is invalid'), 'REFUSED', false],
    [
      answered(
        'InvalidParameterValue',
        'Value {…} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.',
      ),
      'UNAVAILABLE',
      true,
    ],
    [answered('UnsupportedOperation'), 'REFUSED', false],
    [answered('FilterPolicyLimitExceeded', '', 403), 'REFUSED', false],
    [answered('Unheard'), 'REFUSED', false],
  ])('%s', (error, code, retryable) => {
    expect(describeError(error)).toMatchObject({ code, retryable })
    expect(isRefusal(error)).toBe((error.$metadata.httpStatusCode ?? 0) < 500)
  })
})

test.each([
  [Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' }), 'UNAVAILABLE', true],
  [Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }), 'UNAVAILABLE', true],
  [Object.assign(new Error('too slow'), { name: 'TimeoutError' }), 'UNAVAILABLE', true],
  [Object.assign(new Error('getaddrinfo ENOTFOUND sqs.nowhere'), { code: 'ENOTFOUND' }), 'UNAVAILABLE', true],
  [Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'UNAUTHORIZED', false],
  [
    Object.assign(new Error('Could not load credentials from any providers'), { name: 'CredentialsProviderError' }),
    'UNAUTHORIZED',
    false,
  ],
  [new Error('Region is missing'), 'UNAUTHORIZED', false],
  [new Error('Invalid MD5 checksum on messages: 1, 2'), 'UNAVAILABLE', true],
  [new BrokerError('REFUSED', 'full', { retryable: true }), 'REFUSED', true],
])('%s', (error, code, retryable) => {
  expect(describeError(error)).toMatchObject({ code, retryable })
  expect(isRefusal(error)).toBe(false)
})

test.each([
  [{ Id: '0', Code: 'InternalError', SenderFault: false }, 'UNAVAILABLE'],
  [{ Id: '0', Code: 'AWS.SimpleQueueService.MessageNotInflight', SenderFault: true }, 'LEASE_LOST'],
  [
    { Id: '0', Code: 'ReceiptHandleIsInvalid', SenderFault: true, Message: 'The input receipt handle is invalid.' },
    'LEASE_LOST',
  ],
  [{ Id: '0', Code: 'InvalidMessageContents', SenderFault: true }, 'INVALID_MESSAGE'],
  [{ Id: '0', Code: 'KMS.AccessDeniedException', SenderFault: true }, 'UNAUTHORIZED'],
  [{ Id: '0', Code: 'KMS.ThrottlingException', SenderFault: true }, 'UNAVAILABLE'],
])('an entry that failed: %j', (entry, code) => {
  expect(describeError(entryError('sending', entry)).code).toBe(code)
})

test('it answers for anything, and throws for nothing', () => {
  const trap = () => {
    throw new Error('trap')
  }
  const traps = [
    Object.defineProperty({}, 'name', { get: trap }),
    new Proxy({}, { get: trap }),
    { code: Number.NaN, message: 7 },
  ]
  for (const each of traps) expect(ERROR_CODES).toContain(describeError(each).code)
  fc.assert(
    fc.property(fc.anything(), (nonsense) => {
      expect(ERROR_CODES).toContain(describeError(nonsense).code)
      expect(typeof isRefusal(nonsense)).toBe('boolean')
    }),
  )
})
