import type { Headers, WireMessage } from '../message.ts'

/** Bytes of a string in UTF-8, without encoding it. */
export function utf8Length(text: string): number {
  return Buffer.byteLength(text, 'utf8')
}

export function headerBytes(headers: Headers): number {
  let bytes = 0
  for (const key in headers) bytes += key.length + utf8Length(headers[key] ?? '')
  return bytes
}

/** What windows, batches and stores count for one message: body, headers, key, and a constant for our own fields. */
export function messageBytes(message: WireMessage): number {
  return message.body.byteLength + headerBytes(message.headers) + (message.key?.length ?? 0) + FIELD_BYTES
}

/** Id, times and the objects around them: what an empty message costs. Too small and a window of tiny messages grows the heap. */
const FIELD_BYTES = 128
