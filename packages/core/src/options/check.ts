import { shown } from '@anybroker/driver'

/** Copies an options object and refuses what is not one, and every unknown name in it, with what was probably meant. */
export function known<T extends object>(what: string, given: T | undefined, names: readonly (keyof T & string)[]): T {
  if (given === undefined) return {} as T
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError(`${what} must be an object of options; got ${shown(given)}`)
  }
  for (const name of Object.keys(given)) {
    if ((names as readonly string[]).includes(name)) continue
    const meant = nearest(name, names)
    throw new TypeError(`${what} has no option ${shown(name)}${meant === undefined ? '' : `; did you mean ${meant}?`}`)
  }
  return { ...given }
}

/** A whole number within bounds, or the default. */
export function integer(what: string, given: unknown, bounds: { min: number; max: number; fallback: number }): number {
  if (given === undefined) return bounds.fallback
  if (typeof given !== 'number' || !Number.isInteger(given) || given < bounds.min || given > bounds.max) {
    throw new TypeError(`${what} must be a whole number from ${bounds.min} to ${bounds.max}; got ${number(given)}`)
  }
  return given
}

/** Any finite number within bounds, or the default. */
export function numeric(what: string, given: unknown, bounds: { min: number; max: number; fallback: number }): number {
  if (given === undefined) return bounds.fallback
  if (typeof given !== 'number' || !(given >= bounds.min && given <= bounds.max)) {
    throw new TypeError(`${what} must be a number from ${bounds.min} to ${bounds.max}; got ${number(given)}`)
  }
  return given
}

export function oneOf<const V extends string>(what: string, given: unknown, values: readonly V[], fallback: V): V {
  if (given === undefined) return fallback
  if (!(values as readonly unknown[]).includes(given))
    throw new TypeError(`${what} must be one of ${values.join(', ')}; got ${shown(given)}`)
  return given as V
}

export function optionalFunction(what: string, given: unknown): void {
  if (given !== undefined && typeof given !== 'function')
    throw new TypeError(`${what} must be a function; got ${shown(given)}`)
}

export function optionalSignal(what: string, given: unknown): void {
  if (given !== undefined && !(given instanceof AbortSignal))
    throw new TypeError(`${what} must be an AbortSignal; got ${shown(given)}`)
}

export function optionalBoolean(what: string, given: unknown): void {
  if (given !== undefined && typeof given !== 'boolean')
    throw new TypeError(`${what} must be true or false; got ${shown(given)}`)
}

export function optionalDate(what: string, given: unknown): void {
  if (given !== undefined && !(given instanceof Date && Number.isFinite(given.getTime()))) {
    throw new TypeError(`${what} must be a valid Date; got ${shown(given)}`)
  }
}

/** A string of a bounded length that is well-formed Unicode, for fields that have no alphabet of their own. */
export function optionalText(what: string, given: unknown, maxLength: number): void {
  if (given === undefined) return
  if (typeof given !== 'string' || given.length === 0 || given.length > maxLength || !given.isWellFormed()) {
    throw new TypeError(`${what} must be a well-formed string of 1 to ${maxLength} characters; got ${shown(given)}`)
  }
}

/** A day: the longest that any call may be told to wait. */
export const MAX_TIMEOUT_MS = 86_400_000

export function timeout(what: string, given: unknown, fallback: number): number {
  return integer(what, given, { min: 1, max: MAX_TIMEOUT_MS, fallback })
}

function number(given: unknown): string {
  return typeof given === 'number' ? String(given) : shown(given)
}

function nearest(name: string, names: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.max(2, Math.ceil(name.length / 3)) + 1
  for (const candidate of names) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best
}

function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8) return Infinity
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? Infinity
}
