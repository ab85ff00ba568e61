import type { BatchOptions, ConsumeOptions, ReceiveOptions, RetryPolicy } from '../api/consume.ts'
import { integer, known, MAX_TIMEOUT_MS, optionalBoolean, optionalFunction, optionalSignal } from './check.ts'
import { fullRetryPolicy, type FullRetryPolicy } from './retry-policy.ts'

/** What a consumer runs by, with nothing left to default. */
export interface FullConsumeOptions {
  readonly concurrency: number
  readonly maxUnsettled: number
  readonly retry: FullRetryPolicy
  readonly maxBytes: number
  readonly leaseMs: number
  readonly maxHandlerMs: number
  readonly drainMs: number
  readonly onDeadLetter: ConsumeOptions['onDeadLetter']
  readonly signal: AbortSignal | undefined
}

const SHARED = ['maxUnsettled', 'retry', 'maxBytes', 'leaseMs', 'maxHandlerMs', 'signal'] as const
const CONSUME = [...SHARED, 'drainMs', 'concurrency', 'onDeadLetter'] as const

export interface Defaults {
  readonly retry: RetryPolicy | undefined
  readonly drainMs: number
}

export function consumeOptions(
  what: string,
  given: ConsumeOptions | undefined,
  defaults: Defaults,
): FullConsumeOptions {
  return full(what, known<ConsumeOptions>(what, given, CONSUME), defaults)
}

export function batchOptions(
  what: string,
  given: BatchOptions | undefined,
  defaults: Defaults,
): FullConsumeOptions & { readonly maxBatch: number } {
  const options = known<BatchOptions>(what, given, [...CONSUME, 'maxBatch'])
  const maxBatch = integer(`${what}.maxBatch`, options.maxBatch, { min: 1, max: MOST, fallback: 100 })
  // A batch that never fits into the window would wait for ever to be as large as it may.
  const maxUnsettled =
    options.maxUnsettled ?? Math.min(MOST, Math.max(defaultMaxUnsettled(options.concurrency ?? 1), maxBatch))
  return { ...full(what, { ...options, maxUnsettled }, defaults), maxBatch }
}

export function receiveOptions(
  what: string,
  given: ReceiveOptions | undefined,
  defaults: Defaults,
): FullConsumeOptions & { readonly untilEmpty: boolean } {
  const options = known<ReceiveOptions>(what, given, [...SHARED, 'untilEmpty'])
  optionalBoolean(`${what}.untilEmpty`, options.untilEmpty)
  return { ...full(what, options, defaults), untilEmpty: options.untilEmpty ?? false }
}

/** The contract's default: twice the handlers, at least 20. */
function defaultMaxUnsettled(concurrency: number): number {
  return Math.min(MOST, Math.max(20, 2 * concurrency))
}

export function checkedConcurrency(what: string, given: unknown): number {
  return integer(what, given, { min: 1, max: MOST, fallback: 1 })
}

export function checkedMaxUnsettled(what: string, given: unknown, concurrency: number): number {
  return integer(what, given, { min: concurrency, max: MOST, fallback: defaultMaxUnsettled(concurrency) })
}

const MOST = 1_000
const GIB = 2 ** 30

function full(what: string, options: ConsumeOptions, defaults: Defaults): FullConsumeOptions {
  const concurrency = checkedConcurrency(`${what}.concurrency`, options.concurrency)
  optionalFunction(`${what}.onDeadLetter`, options.onDeadLetter)
  optionalSignal(`${what}.signal`, options.signal)
  return {
    concurrency,
    maxUnsettled: checkedMaxUnsettled(`${what}.maxUnsettled`, options.maxUnsettled, concurrency),
    retry: fullRetryPolicy(`${what}.retry`, options.retry, defaults.retry),
    maxBytes: integer(`${what}.maxBytes`, options.maxBytes, { min: 1, max: GIB, fallback: 16 * 2 ** 20 }),
    leaseMs: integer(`${what}.leaseMs`, options.leaseMs, { min: 1_000, max: 43_200_000, fallback: 30_000 }),
    maxHandlerMs: integer(`${what}.maxHandlerMs`, options.maxHandlerMs, {
      min: 1,
      max: MAX_TIMEOUT_MS,
      fallback: 900_000,
    }),
    drainMs: integer(`${what}.drainMs`, options.drainMs, { min: 0, max: MAX_TIMEOUT_MS, fallback: defaults.drainMs }),
    onDeadLetter: options.onDeadLetter,
    signal: options.signal,
  }
}
