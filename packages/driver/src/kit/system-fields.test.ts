import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WireMessage } from '../message.ts'
import { NO_HEADERS } from './header-rules.ts'
import { utf8Length } from './sizes.ts'
import { cutText, MAX_REASON_BYTES, packFields, SYSTEM_PREFIX, unpackFields } from './system-fields.ts'

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
const whole = fc.nat({ max: Number.MAX_SAFE_INTEGER - 1 }).map((number) => number % 1e15)
const message: fc.Arbitrary<WireMessage> = fc
  .record(
    {
      id: text,
      body: fc.constant(new Uint8Array()),
      headers: fc.constant(NO_HEADERS),
      sentAt: whole,
      contentType: text,
      key: text,
      correlationId: text,
      replyTo: text,
      source: text,
      traceparent: text,
      deliverAt: whole,
      expiresAt: whole,
      dedupId: text,
      carriedAttempts: whole,
      dead: fc.record(
        {
          origin: text,
          reason: fc.constantFrom('max-attempts', 'rejected', 'undecodable', 'invalid', 'crashed', 'broker'),
          error: text,
          attempts: whole,
          at: whole,
        },
        { requiredKeys: ['origin', 'reason', 'attempts', 'at'] },
      ),
    },
    { requiredKeys: ['id', 'body', 'headers', 'sentAt'] },
  )
  .map((made) => made as WireMessage)

describe('packFields and unpackFields', () => {
  it('bring every field there and back, beside the headers', () => {
    fc.assert(
      fc.property(message, (given) => {
        const packed = packFields(given)
        for (const [key, value] of Object.entries(packed)) {
          expect(key.startsWith(SYSTEM_PREFIX)).toBe(true)
          expect(typeof value).toBe('string')
        }
        const { fields, headers } = unpackFields([['region', 'eu'], ...Object.entries(packed), ['x', '']])
        const { body: _body, headers: _headers, ...rest } = given
        expect(fields).toEqual(rest)
        expect({ ...headers }).toEqual({ region: 'eu', x: '' })
      }),
    )
  })

  it('leaves out what the driver has a native property for', () => {
    const packed = packFields({ id: 'i', body: new Uint8Array(), headers: {}, sentAt: 5, key: 'k' }, ['id', 'sentAt'])
    expect(packed).toEqual({ 'ab-key': 'k' })
  })

  it('is total: whatever a foreign client put there costs no message and no header of its own', () => {
    const names = [
      'id',
      'sent-at',
      'deliver-at',
      'carried-attempts',
      'dead-origin',
      'dead-reason',
      'dead-at',
      'nonsense',
      '',
    ]
    const foreign = fc.oneof(
      fc.tuple(fc.constantFrom(...names.map((name) => SYSTEM_PREFIX + name)), fc.string({ unit: 'binary' })),
      fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
      fc.tuple(fc.constantFrom('__proto__', 'constructor'), fc.string()),
    )
    fc.assert(
      fc.property(fc.array(foreign), (entries) => {
        const { fields, headers } = unpackFields(entries)
        for (const number of [fields.sentAt, fields.deliverAt, fields.carriedAttempts, fields.dead?.at])
          expect(number === undefined || Number.isSafeInteger(number)).toBe(true)
        for (const [key, value] of entries) {
          const last = entries.findLast(([name]) => name === key)
          if (!key.startsWith(SYSTEM_PREFIX)) expect(headers[key]).toBe(last?.[1])
          expect(typeof value).toBe('string')
        }
        expect(Object.getPrototypeOf(headers)).toBeNull()
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it.each(['', '-1', '1.5', '1e3', ' 5', '5 ', 'NaN', '0x10', '9'.repeat(16), '٣'])('takes %j for no number', (odd) => {
    expect(unpackFields([['ab-sent-at', odd]]).fields.sentAt).toBeUndefined()
  })

  it('takes a reason that is none of ours for no dead letter', () => {
    const letter = [
      ['ab-dead-origin', 'orders'],
      ['ab-dead-reason', 'bad luck'],
    ] as const
    expect(unpackFields(letter).fields.dead).toBeUndefined()
  })
})

describe('cutText', () => {
  it('keeps whole characters within the limit, and as many as fit', () => {
    const any = fc.string({ unit: 'binary', maxLength: 80 })
    fc.assert(
      fc.property(any, fc.nat({ max: 120 }), (given, maxBytes) => {
        const cut = cutText(given, maxBytes)
        const formed = given.toWellFormed()
        expect(cut.isWellFormed()).toBe(true)
        expect(utf8Length(cut)).toBeLessThanOrEqual(maxBytes)
        expect(formed.startsWith(cut)).toBe(true)
        if (cut === formed) return
        const next = String.fromCodePoint(formed.codePointAt(cut.length) ?? 0)
        expect(utf8Length(cut + next)).toBeGreaterThan(maxBytes)
      }),
      { numRuns: 5_000 },
    )
  })

  it('leaves alone what fits, and cuts a reason to 1 KiB', () => {
    expect(cutText('grün 😀')).toBe('grün 😀')
    expect(cutText('x'.repeat(5_000))).toHaveLength(MAX_REASON_BYTES)
    expect(cutText('\uD800')).toBe('\uFFFD')
  })
})
