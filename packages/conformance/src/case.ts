import type { Clause } from '@anybroker/driver'
import type { Broker, ConnectOptions, Delivery } from 'anybroker'
import type { Harness, Need, VirtualHarness } from './harness.ts'

/** One thing that a clause promises, or one default. Runs with node:assert alone, under any test runner. */
export interface Case {
  readonly clause: Clause | 'default'
  /** A sentence of the contract: `a rejected message goes to the dead letters at once`. */
  readonly name: string
  /** Runs only where the harness can do this; elsewhere it is skipped with that reason. */
  readonly needs?: readonly Need[]
  /** Runs only where the clauses are graded so; a case for `none` names it and proves `UNSUPPORTED`. Default: `clause` is not `none`. */
  readonly when?: (t: Pick<Context, 'capabilities'>) => string | true
  /** Default 30,000, times the harness' slowness. */
  readonly timeoutMs?: number
  run(t: Context): Promise<void>
}

/** What a case works with. All that it opened is closed after it, also when it failed. */
export interface Context {
  readonly harness: Harness
  readonly capabilities: Broker['capabilities']
  /** The case's first connection. */
  readonly broker: Broker
  /** Another connection of this process: another service, as far as the broker can tell. */
  connect(options?: ConnectOptions): Promise<Broker>
  /**
   * How many deliveries the broker took back from consumers of this case, so far and by itself: each may come again, whether it was
   * settled or not. 0 on a broker that keeps its sessions.
   */
  lost(): number
  /** A portable name that no other case uses. */
  name(stem?: string): string
  /** A bounded wait: resolves when `probe` returns something truthy, fails with `what` after `withinMs` (default 10,000). */
  until<V>(what: string, probe: () => V | Promise<V>, withinMs?: number): Promise<NonNullable<V>>
  /** For proving an absence: lets the broker settle, then goes on. Default 150 ms, times the slowness. */
  quiet(ms?: number): Promise<void>
  /** Rejects unless `promise` settles in time (default 10,000). */
  within<V>(promise: Promise<V>, what: string, ms?: number): Promise<V>
  /** Collects what a handler was given, and settles as told (default: acks). */
  inbox<T>(behave?: (delivery: Delivery<T>) => unknown): Inbox<T>
  /** Asserts that it rejects with a `BrokerError` of that code, or with a `TypeError`, and returns the error. */
  rejects(
    promise: Promise<unknown>,
    code: string,
  ): Promise<Error & { readonly code?: string; readonly outcome?: string }>
  /** Under the virtual clock. */
  virtual(): VirtualHarness
  /** Runs after the case, last first. */
  after(cleanup: () => unknown): void
}

/** A handler that remembers. `inbox.handler` goes to `consume`. */
export interface Inbox<T> {
  readonly handler: (delivery: Delivery<T>) => Promise<void>
  readonly deliveries: readonly Delivery<T>[]
  readonly bodies: readonly T[]
  /** Waits for that many deliveries in all. */
  count(n: number, withinMs?: number): Promise<readonly Delivery<T>[]>
}
