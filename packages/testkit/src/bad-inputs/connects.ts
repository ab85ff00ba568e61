import type { BadInput } from './bad-input.ts'

/** `connect` of anybroker. */
export type Connecting = (url: unknown, options?: unknown) => Promise<unknown>

const BAD_URLS: readonly (readonly [id: string, what: string, url: unknown, secret?: string])[] = [
  ['U1', 'undefined', undefined],
  ['U1', 'null', null],
  ['U1', 'a number', 5672],
  ['U1', 'an empty object', {}],
  ['U1', 'an empty string', ''],
  ['U1', 'a word', 'localhost'],
  ['U1', 'host and port', 'localhost:5672'],
  ['U1', 'no colon', 'amqp//localhost'],
  ['U1', 'a scheme that no broker has', 'nonsense://localhost'],
  ['U1', 'a scheme of the web', 'http://localhost'],
  ['U1', 'spaces around', ' memory:'],
  ['U1', 'a name of Object.prototype as scheme', 'constructor:'],
  ['U2', 'a host with a space, and a password', 'nonsense://bob:hunter2@ho st', 'hunter2'],
  ['U2', 'an unknown scheme, and a password', 'nonsense://bob:hunter2@host', 'hunter2'],
  ['U2', 'a password in the query', 'nonsense://host?password=hunter2', 'hunter2'],
  ['U5', 'a port of 65,536', 'nonsense://host:65536'],
  ['U9', 'an unknown query key', 'memory:?profle=harsh'],
]

const BAD_OPTIONS: readonly (readonly [what: string, options: unknown, names?: string])[] = [
  ['null', null],
  ['a string', 'fast'],
  ['an option that there is not', { timeout: 5 }, 'timeout'],
  ['connectTimeoutMs: zero', { connectTimeoutMs: 0 }, 'connectTimeoutMs'],
  ['connectTimeoutMs: a string', { connectTimeoutMs: '5' }, 'connectTimeoutMs'],
  ['sendTimeoutMs: NaN', { sendTimeoutMs: Number.NaN }, 'sendTimeoutMs'],
  ['settleTimeoutMs: Infinity', { settleTimeoutMs: Infinity }, 'settleTimeoutMs'],
  ['drainMs: negative', { drainMs: -1 }, 'drainMs'],
  ['provision: something else', { provision: 'maybe' }, 'provision'],
  ['limits: something else', { limits: 'none' }, 'limits'],
  ['source: too long', { source: 's'.repeat(129) }, 'source'],
  ['source: a lone surrogate', { source: '\uD800' }, 'source'],
  ['sendWindow: a number', { sendWindow: 5 }, 'sendWindow'],
  ['sendWindow: zero messages', { sendWindow: { maxMessages: 0 } }, 'maxMessages'],
  ['sendWindow: zero bytes', { sendWindow: { maxBytes: 0 } }, 'maxBytes'],
  ['signal: an object', { signal: {} }, 'signal'],
  ['runtime: half of one', { runtime: { now: () => 0 } }, 'runtime'],
  ['log: a string', { log: 'debug' }, 'log'],
]

/** What `connect` must refuse before any I/O. */
export const BAD_CONNECTS: readonly BadInput<Connecting>[] = [
  ...BAD_URLS.map(([id, what, url, secret]): BadInput<Connecting> => ({
    id,
    what: `connect: ${what}`,
    expect: 'TypeError',
    run: (connect) => connect(url),
    ...(secret === undefined ? {} : { secret }),
  })),
  ...BAD_OPTIONS.map(([what, options, names]): BadInput<Connecting> => ({
    id: 'O2',
    what: `connect: options: ${what}`,
    expect: 'TypeError',
    run: (connect) => connect('memory:', options),
    ...(names === undefined ? {} : { names }),
  })),
]
