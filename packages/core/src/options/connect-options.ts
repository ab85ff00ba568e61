import type { Runtime } from '@anybroker/driver'
import type { ConnectOptions } from '../api/broker.ts'
import type { Provision } from '../api/entities.ts'
import {
  integer,
  known,
  MAX_TIMEOUT_MS,
  oneOf,
  optionalFunction,
  optionalSignal,
  optionalText,
  timeout,
} from './check.ts'

/** How a broker object works, with nothing left to default. */
export interface FullConnectOptions {
  readonly provision: Provision
  readonly limits: 'portable' | 'native'
  readonly source: string | undefined
  readonly connectTimeoutMs: number
  readonly sendTimeoutMs: number
  readonly settleTimeoutMs: number
  readonly sendWindow: { readonly maxMessages: number; readonly maxBytes: number }
  readonly drainMs: number
  readonly runtime: Runtime | undefined
  readonly log: Runtime['log'] | undefined
  readonly signal: AbortSignal | undefined
}

const NAMES = [
  'provision',
  'limits',
  'source',
  'connectTimeoutMs',
  'sendTimeoutMs',
  'settleTimeoutMs',
  'sendWindow',
  'drainMs',
  'runtime',
  'log',
  'signal',
] as const

const RUNTIME = ['now', 'wallNow', 'timer', 'sleep', 'random', 'id', 'log'] as const

function checkRuntime(runtime: Runtime | undefined): void {
  if (runtime === undefined) return
  const missing = RUNTIME.filter((name) => typeof runtime?.[name] !== 'function')
  if (missing.length > 0) {
    throw new TypeError(
      `connect: options.runtime must have the methods ${RUNTIME.join(', ')}; it lacks ${missing.join(', ')}`,
    )
  }
}

export function connectOptions(given: ConnectOptions | undefined): FullConnectOptions {
  const options = known<ConnectOptions>('connect: options', given, NAMES)
  const window = known<NonNullable<ConnectOptions['sendWindow']>>('connect: options.sendWindow', options.sendWindow, [
    'maxMessages',
    'maxBytes',
  ])
  optionalText('connect: options.source', options.source, 128)
  optionalSignal('connect: options.signal', options.signal)
  checkRuntime(options.runtime)
  if (options.log !== false) optionalFunction('connect: options.log', options.log)
  return {
    provision: oneOf('connect: options.provision', options.provision, ['create', 'verify', 'never'], 'create'),
    limits: oneOf('connect: options.limits', options.limits, ['portable', 'native'], 'portable'),
    source: options.source,
    connectTimeoutMs: timeout('connect: options.connectTimeoutMs', options.connectTimeoutMs, 10_000),
    sendTimeoutMs: timeout('connect: options.sendTimeoutMs', options.sendTimeoutMs, 30_000),
    settleTimeoutMs: timeout('connect: options.settleTimeoutMs', options.settleTimeoutMs, 10_000),
    sendWindow: {
      maxMessages: integer('connect: options.sendWindow.maxMessages', window.maxMessages, {
        min: 1,
        max: 1_000_000,
        fallback: 1_000,
      }),
      maxBytes: integer('connect: options.sendWindow.maxBytes', window.maxBytes, {
        min: 1,
        max: 2 ** 30,
        fallback: 16 * 2 ** 20,
      }),
    },
    drainMs: integer('connect: options.drainMs', options.drainMs, { min: 0, max: MAX_TIMEOUT_MS, fallback: 20_000 }),
    runtime: options.runtime,
    log: options.log === false ? () => undefined : options.log,
    signal: options.signal,
  }
}
