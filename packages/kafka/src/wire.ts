import {
  packFields,
  unpackFields,
  type Headers,
  type SourceRef,
  SYSTEM_PREFIX,
  type WireMessage,
} from '@anybroker/driver'
import type { LogRecord, NewRecord } from './client/port.ts'

/** On records of a retry topic: not to be handed out before that time, wall clock in milliseconds. */
const DUE_HEADER = `${SYSTEM_PREFIX}due`
/** On replies: which inbox of the partition. */
export const INBOX_HEADER: string = `${SYSTEM_PREFIX}inbox`
const CARRIED_HEADER = `${SYSTEM_PREFIX}carried-attempts`
const ID_HEADER = `${SYSTEM_PREFIX}id`

/** A smaller body that is a slice of a larger buffer is copied, so that it doesn't hold on to what was fetched with it. */
const PINNING = 4

/** A message as it is stored: its key as the record's key, the rest of its fields as headers. */
export function toRecord(message: WireMessage, now: number, extra?: Readonly<Record<string, string>>): NewRecord {
  const { key, body, headers } = message
  return {
    key: key ?? null,
    value: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    headers: { ...headers, ...packFields(message, ['key']), ...extra },
    timestamp: now,
  }
}

/** A copy of what was fetched: everything that came, with the attempts that it has used up and the time that it is due. */
export function copyRecord(from: LogRecord, id: string, attempts: number, dueAt: number, now: number): NewRecord {
  const headers: Record<string, string | Buffer | readonly (string | Buffer)[]> = Object.create(null) as never
  for (const [name, value] of Object.entries(from.headers)) {
    if (Array.isArray(value)) headers[name] = value.filter((one): one is string | Buffer => one !== null)
    else if (value !== null) headers[name] = value as string | Buffer
  }
  headers[ID_HEADER] = id
  headers[CARRIED_HEADER] = String(attempts)
  delete headers[DUE_HEADER]
  if (dueAt > 0) headers[DUE_HEADER] = String(dueAt)
  return { key: from.key, value: from.value, headers: { ...headers }, timestamp: now }
}

export function dueHeader(dueAt: number): Readonly<Record<string, string>> {
  return { [DUE_HEADER]: String(dueAt) }
}

/** When it may be handed out; 0 for at once. */
export function dueAtOf({ headers }: LogRecord): number {
  const text = Object.hasOwn(headers, DUE_HEADER) ? asText(headers[DUE_HEADER]) : ''
  return /^\d{1,15}$/.test(text) ? Number(text) : 0
}

export function inboxOf({ headers }: LogRecord): string {
  return Object.hasOwn(headers, INBOX_HEADER) ? asText(headers[INBOX_HEADER]) : ''
}

/** What of a record is counted against limits. */
export function recordBytes({ key, value }: LogRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0) + 200
}

/** A message as it was fetched, whoever sent it. A null value, as foreign clients send it to compacted topics, is an empty body. */
export function fromRecord(record: LogRecord, source: SourceRef, place: string): WireMessage {
  const strings: (readonly [string, string])[] = []
  for (const [name, value] of Object.entries(record.headers)) {
    if (name !== DUE_HEADER && name !== INBOX_HEADER) strings.push([name, asText(value)])
  }
  const { fields, headers } = unpackFields(strings) as { fields: Partial<WireMessage>; headers: Headers }
  const message: { -readonly [F in keyof WireMessage]: WireMessage[F] } = {
    ...fields,
    // Where it lies is the only thing that a foreign message has for itself, and it is the same at each delivery.
    id: fields.id ?? place,
    body: bodyOf(record.value),
    headers,
    sentAt: fields.sentAt ?? record.timestamp,
  }
  if (record.key !== null && record.key.length > 0) message.key = record.key.toString('utf8').toWellFormed()
  if (source.kind !== 'dead-letters') delete message.dead
  return message
}

function bodyOf(value: Buffer | null): Uint8Array {
  if (value === null) return new Uint8Array()
  return value.byteLength * PINNING < value.buffer.byteLength ? Uint8Array.from(value) : value
}

/** Of a header that stands there several times, the last; what is not UTF-8 as base64, so that it loses nothing. */
function asText(value: LogRecord['headers'][string] | undefined): string {
  if (Array.isArray(value)) return asText(value.at(-1) as Buffer | string | null | undefined)
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value.toWellFormed()
  const bytes = value as Buffer
  const text = bytes.toString('utf8')
  return text.includes('\uFFFD') && !Buffer.from(text).equals(bytes) ? bytes.toString('base64') : text
}
