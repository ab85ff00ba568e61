import type { Codec } from './codec.ts'
import { encoded } from './slab.ts'

/**
 * JSON that loses nothing: what `JSON.stringify` would drop or change in silence (undefined, NaN, Date, Map, BigInt, class
 * instances, holes, cycles) is an error that names the path. `-0` becomes `0`, the one exception.
 */
export const json: Codec<unknown> = {
  name: 'json',
  contentType: 'application/json',
  encode: (value) => {
    assertLossless(value, '', [])
    return encoded(JSON.stringify(value))
  },
  decode: (bytes) => {
    const text = decoder.decode(bytes)
    // An own `__proto__` sets a prototype as soon as somebody copies the object by assignment. A reviver looks at every key and is
    // slow, so it runs only where such a key can be.
    return text.includes('__proto__') || text.includes('\\u') ? JSON.parse(text, refuseProto) : JSON.parse(text)
  },
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Deeper than any document that a person wrote, and well above where `JSON.stringify` runs out of stack (about 5,000). */
const MAX_DEPTH = 1_000

function refuseProto(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new SyntaxError('a key __proto__ is not accepted')
  return value
}

function assertLossless(value: unknown, path: string, above: unknown[]): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return
    case 'number':
      if (Number.isFinite(value)) return
      throw lossy(path, `${value}`)
    case 'object':
      break
    default:
      throw lossy(path, typeof value)
  }
  if (value === null) return
  if (above.length > MAX_DEPTH) throw lossy(path, `more than ${MAX_DEPTH} levels`)
  if (above.includes(value)) throw lossy(path, 'a cycle')
  above.push(value)
  if (Array.isArray(value)) assertArray(value, path, above)
  else assertObject(value, path, above)
  above.pop()
}

function assertArray(value: readonly unknown[], path: string, above: unknown[]): void {
  for (let index = 0; index < value.length; index++) {
    if (!(index in value)) throw lossy(`${path}[${index}]`, 'a hole')
    assertLossless(value[index], `${path}[${index}]`, above)
  }
}

function assertObject(value: object, path: string, above: unknown[]): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw lossy(path, `an instance of ${nameOf(prototype)}`)
  if ('toJSON' in value && typeof value.toJSON === 'function') throw lossy(path, 'an object with toJSON')
  if (Object.getOwnPropertySymbols(value).length > 0) throw lossy(path, 'a symbol as key')
  for (const key of Object.keys(value)) {
    if (key === '__proto__') throw lossy(path, 'a key __proto__')
    assertLossless((value as Record<string, unknown>)[key], path === '' ? key : `${path}.${key}`, above)
  }
}

function nameOf(prototype: unknown): string {
  const constructor: unknown = (prototype as { constructor?: unknown }).constructor
  return typeof constructor === 'function' ? constructor.name : 'a class'
}

function lossy(path: string, what: string): TypeError {
  const cut = path.length > 100 ? `${path.slice(0, 100)}…` : path
  return new TypeError(`JSON can't carry ${what}${path === '' ? '' : ` at ${cut}`} without loss`)
}
