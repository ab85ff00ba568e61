import { BrokerError, shown } from '@anybroker/driver'

/**
 * Which topics keep their history in a stream: `off` none (then `seek` and `from: 'earliest'` are `UNSUPPORTED`), `asked` those
 * opened with `native: { rabbitmq: { stream: true } }`, `all` every topic that is not opened with `stream: false`.
 */
export type StreamMode = 'off' | 'asked' | 'all'

/** How much a stream keeps: what is older, or beyond that size, goes by whole files of a twentieth of the size. */
export interface Kept {
  /** Milliseconds, rounded up to seconds. 1 s to 100 years. */
  readonly maxAgeMs: number
  /** Bytes on disk, of each replica. 1 MB to 1 PB. */
  readonly maxBytes: number
}

export interface StreamSettings extends Kept {
  readonly mode: StreamMode
}

const DEFAULT_STREAM: StreamSettings = Object.freeze({
  mode: 'off',
  maxAgeMs: 7 * 24 * 3_600_000,
  maxBytes: 10_000_000_000,
})

const AGE = { least: 1_000, most: 100 * 365 * 24 * 3_600_000 } as const
const BYTES = { least: 1_000_000, most: 1_000_000_000_000_000 } as const

/** The driver's own options for all streams, checked. */
export function streamSettings(mode: unknown, maxAgeMs: unknown, maxBytes: unknown): StreamSettings {
  if (mode !== undefined && mode !== 'off' && mode !== 'asked' && mode !== 'all')
    throw new TypeError('rabbitmq: stream must be off, asked or all')
  return Object.freeze({
    mode: mode ?? DEFAULT_STREAM.mode,
    maxAgeMs: age('rabbitmq: streamMaxAgeMs', maxAgeMs ?? DEFAULT_STREAM.maxAgeMs),
    maxBytes: bytes('rabbitmq: streamMaxBytes', maxBytes ?? DEFAULT_STREAM.maxBytes),
  })
}

/**
 * What the native block of a topic and the driver's options make together. A block that asks for a stream where the driver has
 * them off is `UNSUPPORTED`: it would not be heard.
 */
export function kept(
  topic: string,
  native: Readonly<Record<string, unknown>> | undefined,
  settings: StreamSettings,
): Kept | undefined {
  const { stream, ...others } = native ?? {}
  const [other] = Object.keys(others)
  if (other !== undefined)
    throw new TypeError(`native.rabbitmq.${other} of ${topic}: there is no such option; there is stream`)
  if (stream === undefined) return settings.mode === 'all' ? settings : undefined
  if (stream === false) return undefined
  const what = `native.rabbitmq.stream of ${topic}`
  const own = stream === true ? {} : block(what, stream)
  if (settings.mode === 'off') {
    const why = "the driver's option stream is off; connect with stream=asked or stream=all"
    throw new BrokerError('UNSUPPORTED', `${what}: ${why}`, { clause: 'R1' })
  }
  return {
    maxAgeMs: age(`${what}.maxAgeMs`, own['maxAgeMs'] ?? settings.maxAgeMs),
    maxBytes: bytes(`${what}.maxBytes`, own['maxBytes'] ?? settings.maxBytes),
  }
}

function block(what: string, given: unknown): Readonly<Record<string, unknown>> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new TypeError(`${what} must be a boolean or { maxAgeMs, maxBytes }; got ${shown(given)}`)
  for (const key of Object.keys(given)) {
    if (key !== 'maxAgeMs' && key !== 'maxBytes')
      throw new TypeError(`${what}: there is no option ${shown(key)}; there are maxAgeMs, maxBytes`)
  }
  return given as Readonly<Record<string, unknown>>
}

function age(what: string, value: unknown): number {
  return whole(what, value, AGE)
}

function bytes(what: string, value: unknown): number {
  return whole(what, value, BYTES)
}

function whole(
  what: string,
  value: unknown,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  if (!Number.isSafeInteger(value) || Number(value) < least || Number(value) > most)
    throw new TypeError(`${what} must be a whole number from ${least} to ${most}; got ${shown(value)}`)
  return Number(value)
}
