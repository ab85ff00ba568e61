import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { BrokerError } from '@anybroker/driver'
import type { Broker, Delivery } from 'anybroker'
import type { Context, Inbox } from './case.ts'
import type { Harness, VirtualHarness } from './harness.ts'

/** How long `until`, `within`, `rejects` and `inbox.count` wait unless told, before the harness' slowness. */
const WAIT_MS = 10_000
/** How long `quiet` lets the broker settle. Long enough for several round trips, short enough to be paid hundreds of times. */
const QUIET_MS = 150
/** A broker's `close` ends at most 5 s after its drain (C1), and the drain is 0 here: what takes longer hangs. */
const CLOSE_MS = 7_000
/** Between two looks of `until`: short at first, because most things have already happened. */
const FIRST_LOOK_MS = 2
const LAST_LOOK_MS = 50
/** Virtual time that closing a broker may take, in steps, so that its timers fall due. */
const VIRTUAL_CLOSE_STEP_MS = 1_000
const VIRTUAL_CLOSE_STEPS = 60

/** A context and the end of it. */
export interface OpenContext {
  readonly t: Context
  /** Whether the broker ended a session of the case by itself: what is promised for a run without faults, it was not. */
  disturbed(): boolean
  /** Runs the cleanups, last first, then closes every connection. Bounded; resolves with what went wrong on the way. */
  close(): Promise<readonly Error[]>
}

/** Distinguishes processes that run the suite on one broker. */
const PROCESS_TAG = Math.random().toString(36).slice(2, 8).padEnd(6, '0')
let names = 0

/**
 * Makes the context of one case, with its first connection open. Everything that the case opens through it is closed by `close`,
 * in a bounded time, also when the case failed half way.
 */
export async function openContext(harness: Harness): Promise<OpenContext> {
  const slowness = harness.slowness ?? 1
  const open: Broker[] = []
  const cleanups: (() => unknown)[] = []
  let virtual: TrackedVirtual | undefined

  let lost = 0

  const within = bounded(slowness)
  const connect: Context['connect'] = async (options) => {
    const broker = await harness.connect(options)
    open.push(broker)
    broker.on('lost', ({ count }) => {
      lost += count
    })
    return broker
  }
  const broker = await connect()

  const t: Context = {
    harness,
    capabilities: broker.capabilities,
    broker,
    connect,
    lost: () => lost,
    name: (stem = 'n') => portableName(stem),
    until: (what, probe, withinMs = WAIT_MS) => until(what, probe, withinMs * slowness),
    quiet: (ms = QUIET_MS) => sleep(ms * slowness),
    within,
    inbox: (behave) => new Collected(slowness, behave),
    rejects: (promise, code) => rejects(within, promise, code),
    virtual: () => {
      virtual ??= trackVirtual(harness)
      return virtual.harness
    },
    after: (cleanup) => void cleanups.push(cleanup),
  }

  const close = async (): Promise<readonly Error[]> => {
    const errors: Error[] = []
    const attempt = async (what: string, step: () => unknown) => {
      try {
        await within(Promise.resolve().then(step), what, CLOSE_MS)
      } catch (error) {
        errors.push(error instanceof Error ? error : new Error(`${what} threw ${String(error)}`))
      }
    }
    for (const cleanup of cleanups.toReversed()) await attempt('a cleanup of the case', cleanup)
    await Promise.all(
      open.map((each) => attempt('closing a connection after the case', () => each.close({ drainMs: 0 }))),
    )
    if (virtual !== undefined) await attempt('closing under the virtual clock', virtual.close)
    return errors
  }
  const lostSession = (each: Broker): boolean => (harness.losses?.(each) ?? 0) > 0
  return { t, close, disturbed: () => [...open, ...(virtual?.open ?? [])].some(lostSession) }
}

function portableName(stem: string): string {
  assert.match(stem, /^[A-Za-z][A-Za-z0-9_-]{0,39}$/, `the stem of a name must be short and portable, not ${stem}`)
  names += 1
  return `${stem}-${PROCESS_TAG}-${names.toString(36)}`
}

async function until<V>(what: string, probe: () => V | Promise<V>, withinMs: number): Promise<NonNullable<V>> {
  const deadline = performance.now() + withinMs
  const late = () => new assert.AssertionError({ message: `not within ${withinMs} ms: ${what}` })
  for (let look = FIRST_LOOK_MS; ; look = Math.min(look * 2, LAST_LOOK_MS)) {
    // A probe that itself hangs must not outlive the bound.
    const seen = await race(Promise.resolve(probe()), Math.max(deadline - performance.now(), 1), late)
    if (seen) return seen
    if (performance.now() > deadline) throw late()
    await sleep(look)
  }
}

function bounded(slowness: number): Context['within'] {
  return (promise, what, ms = WAIT_MS) =>
    race(
      promise,
      ms * slowness,
      () => new assert.AssertionError({ message: `not within ${ms * slowness} ms: ${what}` }),
    )
}

async function race<V>(promise: Promise<V>, ms: number, late: () => Error): Promise<V> {
  let timer: NodeJS.Timeout | undefined
  const bound = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(late()), ms)
  })
  try {
    return await Promise.race([promise, bound])
  } finally {
    clearTimeout(timer)
  }
}

async function rejects(
  within: Context['within'],
  promise: Promise<unknown>,
  code: string,
): ReturnType<Context['rejects']> {
  const [outcome] = await within(Promise.allSettled([promise]), `a rejection with ${code}`)
  assert.ok(outcome.status === 'rejected', `expected a rejection with ${code}, but it resolved`)
  const error: unknown = outcome.reason
  assert.ok(error instanceof Error, `expected an Error, got ${String(error)}`)
  if (code === 'TypeError') assert.ok(error instanceof TypeError, `expected a TypeError, got ${described(error)}`)
  else assert.ok(error instanceof BrokerError && error.code === code, `expected ${code}, got ${described(error)}`)
  return error
}

function described(error: Error): string {
  return error instanceof BrokerError ? `${error.code}: ${error.message}` : `${error.name}: ${error.message}`
}

/** See `Inbox`. Woken by each delivery, so that a case never waits longer than the broker. */
class Collected<T> implements Inbox<T> {
  readonly deliveries: Delivery<T>[] = []
  readonly #slowness: number
  readonly #behave: ((delivery: Delivery<T>) => unknown) | undefined
  readonly #waiting = new Set<() => void>()

  constructor(slowness: number, behave: ((delivery: Delivery<T>) => unknown) | undefined) {
    this.#slowness = slowness
    this.#behave = behave
  }

  readonly handler = async (delivery: Delivery<T>): Promise<void> => {
    this.deliveries.push(delivery)
    for (const look of this.#waiting) look()
    await this.#behave?.(delivery)
  }

  get bodies(): readonly T[] {
    return this.deliveries.map((delivery) => delivery.body)
  }

  async count(n: number, withinMs: number = WAIT_MS): Promise<readonly Delivery<T>[]> {
    const ms = withinMs * this.#slowness
    let look = (): void => {}
    const enough = new Promise<void>((resolve) => {
      look = () => {
        if (this.deliveries.length >= n) resolve()
      }
      this.#waiting.add(look)
      look()
    })
    const late = () => {
      const bodies = this.deliveries.map((delivery) => JSON.stringify(delivery.body) ?? 'undefined').join(', ')
      return new assert.AssertionError({
        message: `not within ${ms} ms: ${n} deliveries. Got ${this.deliveries.length}: ${bodies.slice(0, 300)}`,
      })
    }
    try {
      await race(enough, ms, late)
    } finally {
      this.#waiting.delete(look)
    }
    return this.deliveries.slice(0, Math.max(n, 0))
  }
}

interface TrackedVirtual {
  readonly harness: VirtualHarness
  readonly open: readonly Broker[]
  readonly close: () => Promise<void>
}

/** Remembers the connections under the virtual clock, and moves it while they close: their timers fall due nowhere else. */
function trackVirtual(harness: Harness): TrackedVirtual {
  assert.ok(harness.virtualTime !== undefined, 'a case that calls virtual() must say needs: [virtualTime]')
  const inner = harness.virtualTime()
  const open: Broker[] = []
  return {
    harness: {
      connect: async (options) => {
        const broker = await inner.connect(options)
        open.push(broker)
        return broker
      },
      advance: (ms) => inner.advance(ms),
      now: () => inner.now(),
    },
    open,
    close: async () => {
      let closed = false
      const closing = Promise.all(open.map((broker) => broker.close({ drainMs: 0 }))).finally(() => {
        closed = true
      })
      // Handled below, by the await; this only keeps a rejection from being unhandled while the clock moves.
      closing.catch(() => {})
      for (let step = 0; step < VIRTUAL_CLOSE_STEPS && !closed; step += 1) await inner.advance(VIRTUAL_CLOSE_STEP_MS)
      await closing
    },
  }
}
