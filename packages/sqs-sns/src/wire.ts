import {
  type DeadFacts,
  NO_HEADERS,
  packFields,
  type SourceRef,
  SYSTEM_PREFIX,
  unpackFields,
  utf8Length,
  type WireMessage,
} from '@anybroker/driver'
import type { Message } from '@aws-sdk/client-sqs'
import { attributeBytes, type Attributes, fromAttributes, toAttributes } from './attributes.ts'
import { openEnvelope } from './envelope.ts'
import { decodeBody, encodeBody } from './text.ts'

/** A message as both services take it. */
export interface Packet {
  readonly text: string
  readonly attributes: Attributes
  /** As the services count: body, names, types and values of attributes. */
  readonly bytes: number
}

/** Of the body, among our fields. */
const ENCODING = 'enc'

export function toPacket(message: WireMessage): Packet {
  const { text, encoding } = encodeBody(message.body)
  const fields: Record<string, string> = {}
  for (const [name, value] of Object.entries(packFields(message))) fields[name.slice(SYSTEM_PREFIX.length)] = value
  if (encoding !== 'plain') fields[ENCODING] = encoding
  const attributes = toAttributes(message.headers, fields)
  return { text, attributes, bytes: utf8Length(text) + attributeBytes(attributes) }
}

export interface Received {
  readonly message: WireMessage
  /** The broker's count, with what earlier copies carried. */
  readonly attempt: number
}

/** A message as it was received, whoever sent it. */
export function fromMessage(from: Message, source: SourceRef): Received {
  const text = from.Body ?? ''
  const own = fromAttributes((from.MessageAttributes ?? {}) as Attributes)
  const opened = own.ours ? undefined : openEnvelope(text)
  const { fields: raw, headers: visible, ours } = opened === undefined ? own : merged(own, opened.attributes)
  const { [ENCODING]: encoding, ...named } = raw
  const { fields, headers } = unpackFields([
    ...Object.entries(named).map(([name, value]) => [SYSTEM_PREFIX + name, value] as const),
    ...visible,
  ])
  const system = from.Attributes ?? {}
  const sent = count(system.SentTimestamp)
  const message: { -readonly [F in keyof WireMessage]: WireMessage[F] } = {
    ...fields,
    id: fields.id ?? from.MessageId ?? '',
    body: decodeBody(opened?.body ?? text, encoding),
    headers,
    sentAt: fields.sentAt ?? sent ?? 0,
  }
  const group = system.MessageGroupId
  if (message.key === undefined && group !== undefined && isOrdered(source) && !ours) message.key = group
  if (source.kind !== 'dead-letters') delete message.dead
  else message.dead ??= byTheBroker(source, count(system.ApproximateReceiveCount) ?? 0, sent ?? 0)
  return { message, attempt: (fields.carriedAttempts ?? 0) + Math.max(1, count(system.ApproximateReceiveCount) ?? 1) }
}

/** What stood on the envelope, and what was in it. */
function merged(outer: ReturnType<typeof fromAttributes>, attributes: Attributes): ReturnType<typeof fromAttributes> {
  const inner = fromAttributes(attributes)
  return { ...inner, headers: [...outer.headers, ...inner.headers] }
}

function isOrdered(source: SourceRef): boolean {
  return 'ordering' in source && source.ordering === 'key'
}

/** What the redrive policy moved, or SNS could not deliver: nobody wrote down why. */
function byTheBroker({ of }: SourceRef & { kind: 'dead-letters' }, attempts: number, at: number): DeadFacts {
  return { origin: of.kind === 'queue' ? of.name : `${of.topic}/${of.name}`, reason: 'broker', attempts, at }
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/**
 * A copy of what was received, as `message` has it now. Attributes that a foreign client typed keep their types; where there is no
 * room for ours beside them, or they came in an envelope, they become headers.
 */
export function toCopy(from: Message, message: WireMessage): Packet {
  const given = (from.MessageAttributes ?? {}) as Attributes
  const text = from.Body ?? ''
  const foreign = !fromAttributes(given).ours && openEnvelope(text) === undefined
  if (!foreign || Object.keys(given).length >= MOST_ATTRIBUTES) return toPacket(message)
  const { attributes } = toPacket({ ...message, headers: NO_HEADERS, body: OTHER })
  const all = Object.assign(Object.create(null) as Attributes, given, attributes)
  return { text, attributes: all, bytes: utf8Length(text) + attributeBytes(all) }
}

const MOST_ATTRIBUTES = 10

/** Of a packet whose body is not used. */
const OTHER = Buffer.from('-')
