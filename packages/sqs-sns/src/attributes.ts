import { type Headers, utf8Length } from '@anybroker/driver'
import { isText } from './text.ts'

/** One message attribute, as SQS and SNS both spell it. */
export interface Attribute {
  readonly DataType: string
  readonly StringValue?: string
  readonly BinaryValue?: Uint8Array
}

/** Without a prototype: foreign names come in. */
export type Attributes = Record<string, Attribute>

type Entries = readonly (readonly [string, string])[]

/** Our own fields, with the headers beside them as attributes. */
const FIELDS = 'ab'
/** Our own fields and all headers: those that attributes can't spell, or that are too many. Filter policies look for it. */
export const PACKED = 'ab-packed'

/** Ten are taken; more, and SNS drops a raw delivery without a word. One is ours. */
const MOST_VISIBLE = 9
const NAME = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/
const RESERVED = /^(?:aws|amazon)\.|^ab(?:-packed)?$/i

/** What escapes may cost before bytes are the better form. */
const MOST_ESCAPES = 512

/** Headers and fields as at most ten attributes. */
export function toAttributes(headers: Headers, fields: Readonly<Record<string, string>>): Attributes {
  const attributes = Object.create(null) as Attributes
  const entries = Object.entries(headers)
  if (entries.length <= MOST_VISIBLE && entries.every(isVisible)) {
    for (const [name, value] of entries) attributes[name] = { DataType: 'String', StringValue: value }
    attributes[FIELDS] = { DataType: 'String', StringValue: jsonText(fields) }
    return attributes
  }
  attributes[PACKED] = packed(Object.entries(fields), entries)
  return attributes
}

function isVisible([name, value]: readonly [string, string]): boolean {
  return NAME.test(name) && !RESERVED.test(name) && value !== '' && isText(value)
}

/** The same again. Total: what can't be read as ours stays a header, so that a foreign message loses nothing (M5). */
export function fromAttributes(attributes: Readonly<Attributes>): {
  readonly fields: Readonly<Record<string, string>>
  readonly headers: Entries
  readonly ours: boolean
} {
  const headers: (readonly [string, string])[] = []
  let fields: Record<string, string> | undefined
  for (const [name, attribute] of Object.entries(attributes)) {
    const whole = name === PACKED ? unpacked(attribute) : undefined
    const own = name === FIELDS ? strings(parsed(attribute.StringValue)) : undefined
    if (whole !== undefined) {
      headers.push(...whole.headers)
      fields = Object.fromEntries(whole.fields)
    } else if (own !== undefined) fields = own
    else headers.push([name, asText(attribute)])
  }
  return { fields: fields ?? {}, headers, ours: fields !== undefined }
}

/** As text, `[[fields], [headers]]`; as bytes, a line with the lengths and then the values, where escapes would cost much. */
function packed(fields: Entries, headers: Entries): Attribute {
  const text = jsonText([fields, headers])
  const raw = sum([...fields, ...headers].flat())
  if (utf8Length(text) - raw - 6 * (fields.length + headers.length) <= MOST_ESCAPES)
    return { DataType: 'String', StringValue: text }
  const lengths = (entries: Entries) => entries.map(([name, value]) => [name, utf8Length(value)])
  const values = [...fields, ...headers].map(([, value]) => value).join('')
  const index = JSON.stringify([lengths(fields), lengths(headers)])
  return { DataType: 'Binary', BinaryValue: Buffer.from(`${index}\n${values}`, 'utf8') }
}

function unpacked(attribute: Attribute): { readonly fields: Entries; readonly headers: Entries } | undefined {
  if (attribute.BinaryValue !== undefined) return fromBytes(attribute.BinaryValue)
  const parts = parsed(attribute.StringValue)
  if (!Array.isArray(parts)) return undefined
  const [fields, headers] = parts as readonly unknown[]
  return isPairs(fields, 'string') && isPairs(headers, 'string') ? { fields, headers } : undefined
}

function fromBytes(bytes: Uint8Array): { readonly fields: Entries; readonly headers: Entries } | undefined {
  const end = bytes.indexOf(0x0a)
  const parts = end < 0 ? undefined : parsed(Buffer.from(bytes.subarray(0, end)).toString('utf8'))
  if (!Array.isArray(parts)) return undefined
  const [fields, headers] = parts as readonly unknown[]
  if (!isPairs(fields, 'number') || !isPairs(headers, 'number')) return undefined
  let at = end + 1
  const read = (entries: readonly (readonly [string, number])[]): Entries =>
    entries.map(([name, length]) => {
      const value = Buffer.from(bytes.subarray(at, at + length)).toString('utf8')
      at += length
      return [name, value]
    })
  return { fields: read(fields), headers: read(headers) }
}

function isPairs(value: unknown, of: 'string'): value is Entries
function isPairs(value: unknown, of: 'number'): value is readonly (readonly [string, number])[]
function isPairs(value: unknown, of: 'string' | 'number'): boolean {
  const isPair = (pair: unknown) =>
    Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string' && typeof pair[1] === of
  return Array.isArray(value) && value.every((pair: unknown) => isPair(pair) && isLength((pair as unknown[])[1]))
}

function isLength(value: unknown): boolean {
  return typeof value !== 'number' || (Number.isSafeInteger(value) && value >= 0)
}

/** JSON escapes what XML forbids, but for two that it does not know. */
function jsonText(value: unknown): string {
  return JSON.stringify(value).replaceAll('\uFFFE', '\\ufffe').replaceAll('\uFFFF', '\\uffff')
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    // Somebody else's attribute of this name.
    return undefined
  }
}

function strings(value: unknown): Record<string, string> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const entries = Object.entries(value)
  return entries.every(([, each]) => typeof each === 'string') ? Object.fromEntries(entries) : undefined
}

/** A foreign attribute as a header: bytes as base64, numbers as they are written. */
function asText({ StringValue, BinaryValue }: Attribute): string {
  return StringValue?.toWellFormed() ?? Buffer.from(BinaryValue ?? []).toString('base64')
}

/** What the service counts of attributes: names, types, values. */
export function attributeBytes(attributes: Readonly<Attributes>): number {
  let bytes = 0
  for (const [name, { DataType, StringValue = '', BinaryValue }] of Object.entries(attributes))
    bytes += sum([name, DataType, StringValue]) + (BinaryValue?.byteLength ?? 0)
  return bytes
}

function sum(texts: readonly string[]): number {
  return texts.reduce((bytes, text) => bytes + utf8Length(text), 0)
}
