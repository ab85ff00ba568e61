import { shown } from '@anybroker/driver'
import type { Codec } from './codec.ts'
import { json } from './json.ts'
import { bytes, text } from './plain.ts'
import type { SchemaIssue, SchemaResult, StandardSchemaV1 } from './standard-schema.ts'

/** What a body failed at. `undecodable` and `invalid` are the reasons of the dead letter that comes of it. */
export class BodyError extends Error {
  override readonly name = 'BodyError'
  readonly reason: 'undecodable' | 'invalid'

  constructor(reason: 'undecodable' | 'invalid', message: string, cause?: unknown) {
    super(message, { cause })
    this.reason = reason
  }
}

/**
 * Codec and schema of one entity. Both directions return at once where the schema does; a promise only where it is asynchronous.
 */
export class Body<T> {
  readonly contentType: string
  readonly #codec: Codec<unknown>
  readonly #schema: StandardSchemaV1<unknown, T> | undefined

  constructor(codec: Codec<unknown>, schema: StandardSchemaV1<unknown, T> | undefined) {
    this.contentType = codec.contentType
    this.#codec = codec
    this.#schema = schema
  }

  /** Throws, or rejects with, a `BodyError`. */
  encode(value: unknown): Uint8Array | Promise<Uint8Array> {
    if (value === undefined) throw new BodyError('invalid', 'the body is undefined')
    if (value instanceof Promise) throw new BodyError('invalid', 'the body is a promise: await it first')
    const checked = this.#check(value)
    return checked instanceof Promise ? checked.then((result) => this.#encode(result)) : this.#encode(checked)
  }

  /** Throws, or rejects with, a `BodyError`. */
  decode(body: Uint8Array): T | Promise<T> {
    let value: unknown
    try {
      value = this.#codec.decode(body)
    } catch (error) {
      throw new BodyError('undecodable', `the codec ${this.#codec.name} can't decode it: ${messageOf(error)}`, error)
    }
    return this.#check(value) as T | Promise<T>
  }

  #encode(value: unknown): Uint8Array {
    let encoded: unknown
    try {
      encoded = this.#codec.encode(value)
    } catch (error) {
      throw new BodyError('invalid', `the codec ${this.#codec.name} can't encode it: ${messageOf(error)}`, error)
    }
    if (!(encoded instanceof Uint8Array)) {
      throw new BodyError('invalid', `the codec ${this.#codec.name} must encode to a Uint8Array; got ${shown(encoded)}`)
    }
    return encoded
  }

  #check(value: unknown): unknown {
    if (this.#schema === undefined) return value
    let result: SchemaResult<T> | Promise<SchemaResult<T>>
    try {
      result = this.#schema['~standard'].validate(value)
    } catch (error) {
      throw new BodyError('invalid', `the schema threw: ${messageOf(error)}`, error)
    }
    if (!(result instanceof Promise)) return accepted(result)
    return result.then(accepted, (error: unknown) => {
      throw new BodyError('invalid', `the schema rejected: ${messageOf(error)}`, error)
    })
  }
}

function accepted<T>(result: SchemaResult<T>): T {
  if (result.issues === undefined) return result.value
  throw new BodyError('invalid', `the schema refuses it: ${result.issues.slice(0, 5).map(describe).join('; ')}`)
}

function describe(issue: SchemaIssue): string {
  const path = (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step)).join('.')
  return path === '' ? issue.message : `${path}: ${issue.message}`
}

export function chooseCodec(what: string, given: unknown): Codec<unknown> {
  if (given === undefined || given === 'json') return json
  if (given === 'text') return text
  if (given === 'bytes') return bytes
  if (
    typeof given === 'object' &&
    given !== null &&
    'encode' in given &&
    'decode' in given &&
    'name' in given &&
    'contentType' in given
  ) {
    return given as Codec<unknown>
  }
  throw new TypeError(
    `${what} must be json, text, bytes or a codec with name, contentType, encode and decode; got ${shown(given)}`,
  )
}

export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error)
  } catch {
    // What was thrown has a toString of its own that throws: there is nothing to say of it but its type.
    return `a thrown ${typeof error}`
  }
}
