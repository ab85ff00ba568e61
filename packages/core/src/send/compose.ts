import { BrokerError, checkedHeaders, type Capabilities, type Runtime, type WireMessage } from '@anybroker/driver'
import type { SendOptions } from '../api/message.ts'
import { demand } from '../capabilities.ts'
import { BodyError, type Body } from '../codec/body.ts'
import { checkedSendOptions } from '../options/send-options.ts'

/** What one entity and its broker bring to a message. */
export interface Composing<T> {
  /** `send to queue orders`, for errors. */
  readonly action: string
  readonly body: Body<T>
  readonly ordered: boolean
  readonly capabilities: () => Capabilities
  readonly driver: string
  readonly runtime: Runtime
  readonly limits: 'portable' | 'native'
  readonly source: string | undefined
}

/** What is left of 256 KiB on SNS and on Azure's standard tier, after base64 and headers. */
export const PORTABLE_BODY_BYTES: number = 180 * 1024

/**
 * A message ready for the wire, or the error: all that can be wrong with it is said here, before any I/O (invariant 11). Its id
 * is fixed here too, before the first try (invariant 5). At once where the schema is; a promise only where that is asynchronous.
 */
export function compose<T>(
  composing: Composing<T>,
  body: unknown,
  given: SendOptions | undefined,
): WireMessage | Promise<WireMessage> {
  const options = checkedSendOptions(`${composing.action}: options`, given)
  demandOptions(composing, options)
  const headers = checkedHeaders(`${composing.action}: options.headers`, options.headers, composing.limits)
  const bytes = encode(composing, body)
  return bytes instanceof Promise
    ? bytes.then((encoded) => wireOf(composing, encoded, headers, options))
    : wireOf(composing, bytes, headers, options)
}

function wireOf(
  composing: Composing<unknown>,
  bytes: Uint8Array,
  headers: WireMessage['headers'],
  options: SendOptions,
): WireMessage {
  assertSize(composing, bytes)
  const now = composing.runtime.wallNow()
  const wire: { -readonly [F in keyof WireMessage]: WireMessage[F] } = {
    id: options.id ?? composing.runtime.id(),
    body: bytes,
    headers,
    sentAt: now,
    contentType: options.contentType ?? composing.body.contentType,
  }
  if (options.key !== undefined) wire.key = options.key
  if (options.correlationId !== undefined) wire.correlationId = options.correlationId
  if (options.replyTo !== undefined) wire.replyTo = options.replyTo
  if (composing.source !== undefined) wire.source = composing.source
  if (options.traceparent !== undefined) wire.traceparent = options.traceparent
  if (options.delayMs !== undefined && options.delayMs > 0) wire.deliverAt = now + options.delayMs
  if (options.at !== undefined && options.at.getTime() > now) wire.deliverAt = options.at.getTime()
  if (options.expiresInMs !== undefined) wire.expiresAt = now + options.expiresInMs
  if (options.dedupId !== undefined) wire.dedupId = options.dedupId
  return wire
}

function demandOptions(composing: Composing<unknown>, options: SendOptions): void {
  const { action, driver } = composing
  if (options.key !== undefined && !composing.ordered) {
    throw new TypeError(`${action}: options.key needs ordering: 'key' where the queue or topic is opened`)
  }
  if (options.delayMs !== undefined || options.at !== undefined) {
    const capabilities = composing.capabilities()
    demand(capabilities, 'L1', driver, `${action}: a delay`, 'refused')
    const delayMs = options.delayMs ?? (options.at?.getTime() ?? 0) - composing.runtime.wallNow()
    const { maxMs } = capabilities.L1
    if (maxMs !== undefined && delayMs > maxMs) {
      throw new BrokerError(
        'UNSUPPORTED',
        `${action}: a delay of ${delayMs} ms is not supported on ${driver} (L1): at most ${maxMs} ms`,
        { clause: 'L1', outcome: 'refused' },
      )
    }
  }
  if (options.expiresInMs !== undefined)
    demand(composing.capabilities(), 'L2', driver, `${action}: expiresInMs`, 'refused')
  if (options.dedupId !== undefined) demand(composing.capabilities(), 'L3', driver, `${action}: dedupId`, 'refused')
}

function encode(composing: Composing<unknown>, body: unknown): Uint8Array | Promise<Uint8Array> {
  try {
    const bytes = composing.body.encode(body)
    return bytes instanceof Promise ? bytes.catch((error: unknown) => refuse(composing, error)) : bytes
  } catch (error) {
    return refuse(composing, error)
  }
}

function refuse(composing: Composing<unknown>, error: unknown): never {
  if (!(error instanceof BodyError)) throw error
  throw new BrokerError('INVALID_MESSAGE', `${composing.action}: ${error.message}`, {
    outcome: 'refused',
    cause: error.cause,
  })
}

function assertSize(composing: Composing<unknown>, bytes: Uint8Array): void {
  const native = composing.capabilities().M1.maxBytes
  const limit = composing.limits === 'native' ? native : Math.min(native, PORTABLE_BODY_BYTES)
  const size = bytes.byteLength
  if (size <= limit) return
  throw new BrokerError('MESSAGE_TOO_LARGE', `${composing.action}: the body has ${size} bytes, the limit is ${limit}`, {
    outcome: 'refused',
    facts: { limit, size },
  })
}
