import type { Attribute, Attributes } from './attributes.ts'

/** What SNS puts into a queue whose subscription is not raw. */
export interface Enveloped {
  readonly body: string
  readonly attributes: Attributes
}

const TOPIC_ARN = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]{1,261}$/

/**
 * What is in the envelope of SNS; undefined where this is none. Its shape is checked as a whole, because anybody may send JSON; and
 * nothing that it names is ever fetched.
 */
export function openEnvelope(text: string): Enveloped | undefined {
  if (!text.startsWith('{') || !text.includes('"TopicArn"')) return undefined
  const envelope = parsed(text)
  if (typeof envelope !== 'object' || envelope === null) return undefined
  const { Type, MessageId, TopicArn, Message, Timestamp, MessageAttributes } = envelope as Record<string, unknown>
  const isEnvelope =
    Type === 'Notification' &&
    typeof MessageId === 'string' &&
    typeof Timestamp === 'string' &&
    typeof TopicArn === 'string' &&
    TOPIC_ARN.test(TopicArn)
  if (!isEnvelope || typeof Message !== 'string') return undefined
  return { body: Message, attributes: attributesOf(MessageAttributes) }
}

function attributesOf(given: unknown): Attributes {
  const attributes = Object.create(null) as Attributes
  if (typeof given !== 'object' || given === null) return attributes
  for (const [name, attribute] of Object.entries(given)) {
    const { Type, Value } = (attribute ?? {}) as { readonly Type?: unknown; readonly Value?: unknown }
    if (typeof Type === 'string' && typeof Value === 'string') attributes[name] = asAttribute(Type, Value)
  }
  return attributes
}

function asAttribute(type: string, value: string): Attribute {
  return type.startsWith('Binary')
    ? { DataType: type, BinaryValue: Buffer.from(value, 'base64') }
    : { DataType: type, StringValue: value }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // No JSON, so no envelope.
    return undefined
  }
}
