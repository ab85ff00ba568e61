import type { Driver, Outcome, Settlement, WireMessage } from '@anybroker/driver'
import { memory, type MemoryOptions } from '@anybroker/memory'
import {
  faultyDriver,
  override,
  recordingDriver,
  virtualTime,
  wrapDriver,
  type FaultPlan,
  type Recorder,
  type VirtualTime,
} from '@anybroker/testkit'
import type { Broker, BrokerEvents, ConnectOptions } from '../src/index.ts'
import { connect } from '../src/index.ts'

export interface RigOptions {
  readonly seed?: number
  readonly memory?: MemoryOptions
  readonly plan?: FaultPlan
  /** Between core and the faults: what core hears. */
  readonly wrap?: (driver: Driver) => Driver
  readonly connect?: ConnectOptions
}

export interface Rig {
  readonly time: VirtualTime
  readonly broker: Broker
  readonly faults: ReturnType<typeof faultyDriver>['faults']
  /** What core asked of the driver. */
  readonly asked: Recorder
  /** What reached the broker behind the faults. */
  readonly reached: Recorder
  /** Every event so far, oldest first. */
  readonly events: readonly { readonly name: keyof BrokerEvents; readonly facts: unknown }[]
}

const EVENTS: readonly (keyof BrokerEvents)[] = [
  'disconnected',
  'connected',
  'blocked',
  'unblocked',
  'gap',
  'sendFailed',
  'deadLettered',
  'deadLetterFailed',
  'dropped',
  'expired',
  'settleFailed',
  'thrownAfterSettle',
  'lost',
  'failed',
  'hookFailed',
]

/** Core on the memory engine behind faults, under virtual time. */
export async function rig(options: RigOptions = {}): Promise<Rig> {
  const { seed = 1 } = options
  const time = virtualTime({ seed })
  const reached = recordingDriver(memory(options.memory))
  const { driver, faults } = faultyDriver(reached.driver, { seed, ...options.plan })
  const asked = recordingDriver(options.wrap?.(driver) ?? driver)
  const broker = await time.until(connect(asked.driver, { runtime: time.runtime, ...options.connect }))
  const events: { name: keyof BrokerEvents; facts: unknown }[] = []
  for (const name of EVENTS) broker.on(name, (facts) => void events.push({ name, facts }))
  return { time, broker, faults, asked, reached, events }
}

/** The messages of every `send` that a recorder saw, in their order. */
export function sentOf(recorder: Recorder): readonly WireMessage[] {
  return recorder.calls.flatMap(({ on, method, given }) =>
    on === 'sender' && method === 'send' ? (given[0] as readonly WireMessage[]) : [],
  )
}

/** The settlements of every `settle` that a recorder saw, in their order. */
export function settledOf(recorder: Recorder): readonly Settlement[] {
  return recorder.calls.flatMap(({ on, method, given }) =>
    on === 'receiver' && method === 'settle' ? (given[0] as readonly Settlement[]) : [],
  )
}

export const acksOf = (recorder: Recorder): number => settledOf(recorder).filter(({ as }) => as === 'ack').length

/** A promise that is awaited later: what it came to, `undefined` while it is pending. */
export interface Watched<T> {
  readonly outcome: { readonly value: T } | { readonly error: unknown } | undefined
}

export function watch<T>(promise: Promise<T>): Watched<T> {
  const watched: { outcome: Watched<T>['outcome'] } = { outcome: undefined }
  promise.then(
    (value) => void (watched.outcome = { value }),
    (error: unknown) => void (watched.outcome = { error }),
  )
  return watched
}

/** What a promise rejects with; undefined where it resolves. */
export function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** A driver whose senders answer as told. */
export function answering(
  inner: Driver,
  answer: (batch: readonly WireMessage[], real: () => Promise<readonly Outcome[]>) => Promise<readonly Outcome[]>,
): Driver {
  return wrapDriver(inner, {
    sender: (sender) => override(sender, { send: (batch, signal) => answer(batch, () => sender.send(batch, signal)) }),
  })
}

/** A gate: `opened` resolves when it is opened. */
export interface Gate {
  readonly opened: Promise<void>
  open(): void
}

export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}
