import {
  type DeadFacts,
  packFields,
  type SourceRef,
  SYSTEM_PREFIX,
  unpackFields,
  utf8Length,
  type WireMessage,
} from '@anybroker/driver'
import type { ConsumeMessage, Message, Options } from 'amqplib'

/** On messages of ordered topics: which partition, for bindings that match headers. */
export const PARTITION_HEADER: string = `${SYSTEM_PREFIX}partition`
const KEY_HEADER = `${SYSTEM_PREFIX}key`
const CARRIED_HEADER = `${SYSTEM_PREFIX}carried-attempts`

/** Properties of AMQP are short strings. */
const SHORT_BYTES = 255

/** A smaller body that is a slice of a larger buffer is copied, so that it doesn't hold on to what was read with it. */
const PINNING = 4

/** What the server adds on its way; nobody sent it, and a copy must not repeat it. */
const SERVERS =
  /^x-(?:delivery-count|acquired-count|death|(?:first|last)-death-(?:queue|reason|exchange)|stream-offset)$/

const NATIVE = ['contentType', 'correlationId', 'replyTo'] as const

/** A message as it is published: persistent, its id, type, correlation and reply address as properties, the rest as headers. */
export function toProperties(message: WireMessage, extra?: Readonly<Record<string, string>>): Options.Publish {
  const short = NATIVE.filter((field) => utf8Length(message[field] ?? '') <= SHORT_BYTES)
  const properties: Options.Publish = {
    persistent: true,
    messageId: message.id,
    // Seconds, rounded down; to the millisecond in a header.
    timestamp: Math.floor(message.sentAt / 1000),
    headers: { ...message.headers, ...packFields(message, ['id', ...short]), ...extra },
  }
  for (const field of short) {
    const value = message[field]
    if (value !== undefined) properties[field] = value
  }
  return properties
}

/** Bytes as amqplib wants them, without copying. */
export function toBuffer(body: Uint8Array): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
}

export interface Received {
  readonly message: WireMessage
  readonly attempt: number
}

/**
 * A message as it was received, whoever sent it. Headers are read by their own entries alone: a table named `__proto__` in a
 * foreign message becomes the prototype of what amqplib decodes, and forges whatever is read by plain access.
 */
export function fromMessage(from: ConsumeMessage, source: SourceRef, drawnId: () => string): Received {
  const { properties, content } = from
  const raw = new Map<string, unknown>(Object.entries(properties.headers ?? {}))
  const strings: (readonly [string, string])[] = []
  for (const [name, value] of raw) {
    if (!SERVERS.test(name) && name !== PARTITION_HEADER) strings.push([name, asText(value)])
  }
  const { fields, headers } = unpackFields(strings)
  const seconds: unknown = properties.timestamp
  const carried = fields.carriedAttempts ?? 0
  const counted =
    count(raw.get('x-acquired-count')) ?? count(raw.get('x-delivery-count')) ?? (from.fields.redelivered ? 1 : 0)
  const message: { -readonly [F in keyof WireMessage]: WireMessage[F] } = {
    ...fields,
    id: text(properties.messageId) ?? fields.id ?? drawnId(),
    body: content.byteLength * PINNING < content.buffer.byteLength ? Uint8Array.from(content) : content,
    headers,
    sentAt: fields.sentAt ?? (typeof seconds === 'number' ? seconds * 1000 : 0),
  }
  for (const field of NATIVE) {
    const value = text(properties[field])
    if (value !== undefined) message[field] = value
  }
  if (source.kind === 'dead-letters' && message.dead === undefined) message.dead = byTheBroker(raw, source)
  else if (source.kind !== 'dead-letters') delete message.dead
  return { message, attempt: 1 + carried + counted }
}

/** The ordering key, without reading the rest. */
export function keyOf({ properties }: ConsumeMessage): string | undefined {
  return text(own(properties.headers, KEY_HEADER))
}

/** A copy of what was received: everything that came, but for the server's own, with the attempts that it has used up. */
export function copyProperties(from: Message, id: string, attempts: number): Options.Publish {
  const {
    headers: given,
    deliveryMode: _mode,
    clusterId: _cluster,
    userId: _user,
    expiration: _expiration,
    ...rest
  } = from.properties
  const headers: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const [name, value] of Object.entries(given ?? {})) if (!SERVERS.test(name)) headers[name] = value
  headers[CARRIED_HEADER] = String(attempts)
  const properties = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  return { ...properties, messageId: id, persistent: true, headers: { ...headers } }
}

/** The dead letter that RabbitMQ made by itself, at its delivery limit. */
function byTheBroker(raw: ReadonlyMap<string, unknown>, { of }: SourceRef & { kind: 'dead-letters' }): DeadFacts {
  const deaths = raw.get('x-death')
  const last: unknown = Array.isArray(deaths) ? deaths[0] : undefined
  const time = own(own(last, 'time'), 'value')
  return {
    origin: of.kind === 'queue' ? of.name : `${of.topic}/${of.name}`,
    reason: own(last, 'reason') === 'delivery_limit' ? 'crashed' : 'broker',
    attempts: count(raw.get('x-delivery-count')) ?? 0,
    at: typeof time === 'number' ? time * 1000 : 0,
  }
}

function own(from: unknown, key: string): unknown {
  if (typeof from !== 'object' || from === null || !Object.hasOwn(from, key)) return undefined
  return (from as Readonly<Record<string, unknown>>)[key]
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

/** A header that a foreign client typed otherwise, as a string. */
function asText(value: unknown): string {
  if (typeof value === 'string') return value.toWellFormed()
  if (value === null || value === undefined) return ''
  if (Buffer.isBuffer(value)) return value.toString('base64')
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  const timestamp = own(value, '!') === 'timestamp' ? own(value, 'value') : undefined
  return typeof timestamp === 'number' ? String(timestamp) : (JSON.stringify(value) ?? '')
}
