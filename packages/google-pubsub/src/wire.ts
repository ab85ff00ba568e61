import {
  BrokerError,
  type DeadFacts,
  packFields,
  type SourceRef,
  SYSTEM_PREFIX,
  unpackFields,
  utf8Length,
  type WireMessage,
} from '@anybroker/driver'
import type { protos } from '@google-cloud/pubsub'
import { ATTRIBUTE_KEY_BYTES, ATTRIBUTE_VALUE_BYTES, MESSAGE_BYTES, MOST_ATTRIBUTES } from './limits.ts'
import { isOrdered } from './names.ts'

export type Received = protos.google.pubsub.v1.IReceivedMessage
/** A message as it is published. */
export interface Packet {
  readonly data: Buffer
  readonly attributes: Record<string, string>
  readonly orderingKey?: string
}

/** In a lane: when it is due there, wall clock, milliseconds. What has none may be handed out. */
export const DUE: string = `${SYSTEM_PREFIX}lane-due`
/** In a lane: a question whether anybody reads it, which is acked on sight. */
export const PROBE: string = `${SYSTEM_PREFIX}lane-probe`
/** On the topic of replies: for which inbox. */
export const INBOX: string = 'ab_inbox'

/** How a packet differs from its message. */
export interface Placing {
  /** Whether the key is the service's ordering key, too. */
  readonly ordered?: boolean
  readonly extra?: Readonly<Record<string, string>>
}

export function toPacket(message: WireMessage, { ordered = false, extra }: Placing = {}): Packet {
  const { body, key } = message
  const attributes = { ...message.headers, ...packFields(message), ...extra }
  const data = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return ordered && key !== undefined ? { data, attributes, orderingKey: key } : { data, attributes }
}

/** Why the service would refuse it: emulators take what the service does not. */
export function refusal({ data, attributes }: Packet): BrokerError | undefined {
  let bytes = data.byteLength
  let count = 0
  for (const [key, value] of Object.entries(attributes)) {
    count += 1
    const keyBytes = utf8Length(key)
    const valueBytes = utf8Length(value)
    bytes += keyBytes + valueBytes
    if (keyBytes > ATTRIBUTE_KEY_BYTES || valueBytes > ATTRIBUTE_VALUE_BYTES || /^goog/i.test(key)) {
      const rule = `Pub/Sub takes names of ${ATTRIBUTE_KEY_BYTES} bytes, not beginning with goog, and values of ${ATTRIBUTE_VALUE_BYTES}`
      return new BrokerError('INVALID_MESSAGE', `a header or field has ${keyBytes} and ${valueBytes} bytes: ${rule}`)
    }
  }
  if (count > MOST_ATTRIBUTES) {
    const text = `${count} headers and fields: Pub/Sub takes ${MOST_ATTRIBUTES}`
    return new BrokerError('INVALID_MESSAGE', text, { facts: { limit: MOST_ATTRIBUTES, size: count } })
  }
  if (bytes <= MESSAGE_BYTES) return undefined
  return new BrokerError('MESSAGE_TOO_LARGE', `a message of ${bytes} bytes: Pub/Sub takes ${MESSAGE_BYTES}`, {
    facts: { limit: MESSAGE_BYTES, size: bytes },
  })
}

export interface Opened {
  readonly message: WireMessage
  readonly attempt: number
  /** When the service took it: wall clock, milliseconds. */
  readonly publishedAt: number
  /** When it is due, where it waits in a lane. */
  readonly due: number | undefined
  /** For which inbox it is, on the topic of replies. */
  readonly inbox: string | undefined
}

/** A message as it was received, whoever sent it. */
export function fromReceived({ message: from, deliveryAttempt }: Received, source: SourceRef): Opened {
  const own: Record<string, string> = {}
  const entries: (readonly [string, string])[] = []
  for (const entry of Object.entries(from?.attributes ?? {})) {
    if (entry[0] === DUE || entry[0] === INBOX) own[entry[0]] = entry[1]
    else entries.push(entry)
  }
  const { fields, headers } = unpackFields(entries)
  const publishedAt = milliseconds(from?.publishTime)
  const data = from?.data
  const message: { -readonly [F in keyof WireMessage]: WireMessage[F] } = {
    ...fields,
    id: fields.id ?? from?.messageId ?? '',
    body: data instanceof Uint8Array ? data : Buffer.from(data ?? '', 'base64'),
    headers,
    sentAt: fields.sentAt ?? publishedAt,
  }
  const key = from?.orderingKey ?? ''
  if (message.key === undefined && key !== '' && isOrdered(source)) message.key = key
  const counted = Math.max(1, deliveryAttempt ?? 1)
  if (source.kind !== 'dead-letters') delete message.dead
  else message.dead ??= byTheService(source, headers, publishedAt)
  return {
    message,
    attempt: (fields.carriedAttempts ?? 0) + counted,
    publishedAt,
    due: wholeNumber(own[DUE]),
    inbox: own[INBOX],
  }
}

export function isProbe({ message }: Received): boolean {
  return message?.attributes?.[PROBE] !== undefined
}

/** What the service's dead-letter policy moved by itself: it says how often, and no reason. */
function byTheService(
  { of }: SourceRef & { kind: 'dead-letters' },
  headers: WireMessage['headers'],
  at: number,
): DeadFacts {
  return {
    origin: of.kind === 'queue' ? of.name : `${of.topic}/${of.name}`,
    reason: 'broker',
    attempts: wholeNumber(headers['CloudPubSubDeadLetterSourceDeliveryCount']) ?? 0,
    at,
  }
}

type Timestamp = protos.google.protobuf.ITimestamp

function milliseconds(time: Timestamp | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1_000 + Math.floor((time?.nanos ?? 0) / 1_000_000)
}

export function toTimestamp(ms: number): { seconds: number; nanos: number } {
  const seconds = Math.floor(ms / 1_000)
  return { seconds, nanos: Math.round((ms - seconds * 1_000) * 1_000_000) }
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
