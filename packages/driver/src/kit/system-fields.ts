import type { DeadFacts, DeadReason, Headers, WireMessage } from '../message.ts'
import { makeHeaders } from './header-rules.ts'
import { utf8Length } from './sizes.ts'

/** Our own fields travel in the broker's native properties where it has them, else as headers with this prefix. */
export const SYSTEM_PREFIX = 'ab-'

/** The longest error text in a dead letter. */
export const MAX_REASON_BYTES = 1024

type Fields = Omit<WireMessage, 'body' | 'headers'>
const TEXTS = ['id', 'key', 'contentType', 'correlationId', 'replyTo', 'source', 'traceparent', 'dedupId'] as const
const NUMBERS = ['sentAt', 'deliverAt', 'expiresAt', 'carriedAttempts'] as const
/** The name of each field on the wire, without the prefix. Spelled out once: it is asked for with every message. */
const SPELLED = spelled([...TEXTS, ...NUMBERS])
const FIELDS = [...TEXTS, ...NUMBERS].map((field) => [field, SYSTEM_PREFIX + SPELLED[field]] as const)
const REASONS: readonly string[] = [
  'max-attempts',
  'rejected',
  'undecodable',
  'invalid',
  'crashed',
  'broker',
] satisfies DeadReason[]

/**
 * The fields of a message as `ab-` headers, but for those that the driver has a native property for.
 *
 * @example A broker that has a message id and a content type
 * ```ts
 * const system = packFields(message, ['id', 'contentType'])
 * ```
 */
export function packFields(message: WireMessage, native: readonly (keyof Fields)[] = []): Record<string, string> {
  const packed: Record<string, string> = {}
  for (const [field, name] of FIELDS) {
    const value = message[field]
    if (value !== undefined && !native.includes(field)) packed[name] = String(value)
  }
  if (message.dead !== undefined) {
    const { origin, reason, error, attempts, at } = message.dead
    Object.assign(packed, {
      'ab-dead-origin': origin,
      'ab-dead-reason': reason,
      'ab-dead-attempts': `${attempts}`,
      'ab-dead-at': `${at}`,
    })
    if (error !== undefined) packed['ab-dead-error'] = error
  }
  return packed
}

/**
 * The fields again, and the headers without them. Total: a foreign message has none of the fields, and an unreadable one is left
 * out, because what others put there must not cost the message (M5).
 */
export function unpackFields(raw: Iterable<readonly [string, string]>): { fields: Partial<Fields>; headers: Headers } {
  const system = new Map<string, string>()
  const user: (readonly [string, string])[] = []
  for (const entry of raw) {
    const name = entry[0].startsWith(SYSTEM_PREFIX) ? entry[0].slice(SYSTEM_PREFIX.length) : ''
    // A foreign header that only looks like ours stays a header.
    if (OURS.has(name)) system.set(name, entry[1])
    else user.push(entry)
  }
  const fields: { -readonly [F in keyof Fields]?: Fields[F] } = {}
  for (const field of TEXTS) {
    const value = system.get(SPELLED[field])
    if (value !== undefined) fields[field] = value
  }
  for (const field of NUMBERS) {
    const value = wholeNumber(system.get(SPELLED[field]))
    if (value !== undefined) fields[field] = value
  }
  const dead = deadFacts(system)
  if (dead !== undefined) fields.dead = dead
  return { fields, headers: makeHeaders(user) }
}

const DEAD = ['dead-origin', 'dead-reason', 'dead-error', 'dead-attempts', 'dead-at']
const OURS: ReadonlySet<string> = new Set([...Object.values(SPELLED), ...DEAD])

function deadFacts(system: ReadonlyMap<string, string>): DeadFacts | undefined {
  const origin = system.get('dead-origin')
  const reason = system.get('dead-reason')
  if (origin === undefined || reason === undefined || !REASONS.includes(reason)) return undefined
  const error = system.get('dead-error')
  return {
    origin,
    reason: reason as DeadReason,
    attempts: wholeNumber(system.get('dead-attempts')) ?? 0,
    at: wholeNumber(system.get('dead-at')) ?? 0,
    ...(error === undefined ? {} : { error }),
  }
}

/** Cut to whole characters within `maxBytes`, made well-formed. */
export function cutText(text: string, maxBytes: number = MAX_REASON_BYTES): string {
  let cut = text.toWellFormed().slice(0, maxBytes)
  while (utf8Length(cut) > maxBytes) cut = cut.slice(0, -Math.max(1, Math.ceil((utf8Length(cut) - maxBytes) / 4)))
  return cut.toWellFormed() === cut ? cut : cut.slice(0, -1)
}

function spelled<F extends string>(fields: readonly F[]): Readonly<Record<F, string>> {
  const kebab = (field: F) => field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  return Object.freeze(Object.fromEntries(fields.map((field) => [field, kebab(field)]))) as Readonly<Record<F, string>>
}

function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined
  return Number(text)
}
