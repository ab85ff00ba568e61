import { describe, expect, it } from 'vitest'
import { Body, BodyError, chooseCodec, messageOf } from './body.ts'
import type { SchemaResult, StandardSchemaV1 } from './standard-schema.ts'

const schema = (validate: (value: unknown) => SchemaResult<unknown> | Promise<SchemaResult<unknown>>) =>
  ({ '~standard': { version: 1, vendor: 'test', validate } }) as StandardSchemaV1
const body = (codec: unknown, given?: StandardSchemaV1) => new Body<unknown>(chooseCodec('codec', codec), given)
const failureOf = async (run: () => unknown): Promise<unknown> => {
  try {
    await run()
    return undefined
  } catch (error) {
    return error
  }
}

describe('a body', () => {
  it('is at once where its schema is, and a promise only where that is one', async () => {
    const doubled = (value: unknown) => ({ value: Number(value) * 2 })
    const atOnce = body('json', schema(doubled))
    expect(atOnce.encode(4)).toEqual(new TextEncoder().encode('8'))
    expect(atOnce.decode(new TextEncoder().encode('4'))).toBe(8)
    const later = body(
      'json',
      schema(async (value) => doubled(value)),
    )
    expect(later.encode(4)).toBeInstanceOf(Promise)
    expect(await later.encode(4)).toEqual(new TextEncoder().encode('8'))
    expect(await later.decode(new TextEncoder().encode('4'))).toBe(8)
  })

  it('tells what can not be decoded from what is not valid', async () => {
    const issues = [{ message: 'too small', path: ['items', { key: 0 }, 'total'] }]
    const refusing = schema(() => ({ issues }))
    const cases: [string, () => unknown, BodyError['reason'], string][] = [
      ['codec', () => body('json').decode(new Uint8Array([0xff])), 'undecodable', "can't decode"],
      ['schema', () => body('json', refusing).decode(new Uint8Array([0x31])), 'invalid', 'items.0.total: too small'],
      [
        'schema later',
        () =>
          body(
            'json',
            schema(async () => ({ issues })),
          ).encode(1),
        'invalid',
        'too small',
      ],
      [
        'schema throws',
        () =>
          body(
            'json',
            schema(() => {
              throw new Error('boom')
            }),
          ).encode(1),
        'invalid',
        'boom',
      ],
      [
        'schema rejects',
        () =>
          body(
            'json',
            schema(() => Promise.reject(new Error('boom'))),
          ).encode(1),
        'invalid',
        'boom',
      ],
      ['encode', () => body('json').encode(1n), 'invalid', "can't encode"],
      ['undefined', () => body('json').encode(undefined), 'invalid', 'undefined'],
      ['a promise', () => body('json').encode(Promise.resolve(1)), 'invalid', 'await'],
    ]
    for (const [what, run, reason, says] of cases) {
      const error = await failureOf(run)
      expect([what, error instanceof BodyError]).toEqual([what, true])
      expect(error).toMatchObject({ reason })
      expect((error as Error).message).toContain(says)
    }
  })

  it('shows a few issues of many', async () => {
    const issues = Array.from({ length: 1_000 }, (_, index) => ({ message: `issue ${index}` }))
    const error = await failureOf(() =>
      body(
        'json',
        schema(() => ({ issues })),
      ).encode(1),
    )
    expect((error as Error).message.length).toBeLessThan(200)
  })

  it('refuses what a codec encodes to something else than bytes', async () => {
    const odd = { name: 'odd', contentType: 'x', encode: () => 'text', decode: () => 1 }
    expect(await failureOf(() => body(odd).encode(1))).toMatchObject({ reason: 'invalid' })
  })

  it('copies bytes, so that the caller may write to them again', () => {
    const codec = body('bytes')
    for (const given of [new Uint8Array([1, 2, 3]), Buffer.from([1, 2, 3]), new Uint8Array([1, 2, 3]).buffer]) {
      const encoded = codec.encode(given)
      new Uint8Array(given instanceof ArrayBuffer ? given : given.buffer, 0, 1)[0] = 9
      expect([...(encoded as Uint8Array)]).toEqual([1, 2, 3])
    }
    const view = new DataView(new Uint8Array([9, 1, 2, 3, 9]).buffer, 1, 3)
    expect([...(codec.encode(view) as Uint8Array)]).toEqual([1, 2, 3])
  })

  it('brings text there and back, its byte order mark too, and refuses half characters', async () => {
    const codec = body('text')
    for (const text of ['', 'grün 😀', '\uFEFFa', '\0'])
      expect(codec.decode((await codec.encode(text)) as Uint8Array)).toBe(text)
    expect(await failureOf(() => codec.encode('\uD800'))).toMatchObject({ reason: 'invalid' })
    expect(await failureOf(() => codec.decode(new Uint8Array([0xff])))).toMatchObject({ reason: 'undecodable' })
  })
})

describe('messageOf', () => {
  it('has a word for anything that was ever thrown', () => {
    const boom = () => {
      throw new Error('boom')
    }
    expect(messageOf(new Error('no'))).toBe('no')
    expect(messageOf('no')).toBe('no')
    expect(messageOf(undefined)).toBe('undefined')
    expect(messageOf({ toString: boom })).toBe('a thrown object')
    expect(messageOf(Object.create(null))).toBe('a thrown object')
  })
})
