import { assertId, assertKey } from '@anybroker/driver'
import type { SendOptions } from '../api/message.ts'
import { integer, known, MAX_TIMEOUT_MS, oneOf, optionalDate, optionalSignal, optionalText, timeout } from './check.ts'

const NAMES = [
  'key',
  'headers',
  'id',
  'correlationId',
  'replyTo',
  'contentType',
  'traceparent',
  'delayMs',
  'at',
  'expiresInMs',
  'dedupId',
  'until',
  'timeoutMs',
  'signal',
] as const

/** The longest that a message may be put off: a year. A broker's own limit is checked where it is known. */
const MAX_DELAY_MS = 366 * MAX_TIMEOUT_MS

/** Checks all of it before any I/O; headers are checked where they are copied. */
export function checkedSendOptions(what: string, given: SendOptions | undefined): SendOptions {
  if (given === undefined) return NONE
  const options = known<SendOptions>(what, given, NAMES)
  if (options.key !== undefined) assertKey(`${what}.key`, options.key)
  if (options.id !== undefined) assertId(`${what}.id`, options.id)
  if (options.dedupId !== undefined) assertId(`${what}.dedupId`, options.dedupId)
  optionalText(`${what}.correlationId`, options.correlationId, 128)
  optionalText(`${what}.replyTo`, options.replyTo, 256)
  optionalText(`${what}.contentType`, options.contentType, 128)
  optionalText(`${what}.traceparent`, options.traceparent, 128)
  integer(`${what}.delayMs`, options.delayMs, { min: 0, max: MAX_DELAY_MS, fallback: 0 })
  optionalDate(`${what}.at`, options.at)
  if (options.at !== undefined && options.delayMs !== undefined)
    throw new TypeError(`${what} takes delayMs or at, not both`)
  integer(`${what}.expiresInMs`, options.expiresInMs, { min: 1_000, max: MAX_DELAY_MS, fallback: 1_000 })
  oneOf(`${what}.until`, options.until, ['confirmed', 'buffered'], 'confirmed')
  timeout(`${what}.timeoutMs`, options.timeoutMs, 1)
  optionalSignal(`${what}.signal`, options.signal)
  return options
}

const NONE: SendOptions = Object.freeze({})
