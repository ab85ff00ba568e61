import type { Driver } from '@anybroker/driver'
import { override } from '../wrap-driver.ts'
import {
  type FaultKind,
  type FaultPlan,
  type FaultPoint,
  FaultScript,
  type HappenedFault,
  type NextFault,
} from './faults.ts'
import { faultyConnection, type FaultyConnection } from './faulty-connection.ts'
import { InjectedFault } from './injected-fault.ts'
import { Life } from './life.ts'

/** The faults of one driver, over all its connections. */
export interface Faults {
  /** What took effect, oldest first. */
  readonly happened: readonly HappenedFault[]
  /** Faults put in by `next` that have not struck yet. */
  readonly waiting: number
  /** Lets this happen at the next chance, before anything by plan. Several wait in line. */
  next<P extends FaultPoint>(point: P, kind: FaultKind<P>, options?: NextFault): void
  /** No more faults, by plan or by script: for letting things drain. */
  calm(): void
  /** Ends all connections that stand now: calls under way are told so though the broker may do them, and `onState` says it. */
  disconnect(reason?: string): void
  /** From now on the broker takes no message; sends get no answer until `unblock`. */
  block(reason?: string): void
  unblock(): void
}

export interface FaultyDriver {
  readonly driver: Driver
  readonly faults: Faults
}

/**
 * A driver on which things go wrong: by a seeded plan, by script, or both. Under virtual time the same seed gives the same faults.
 * What the inner driver holds stays true: a fault never loses a message that the inner driver confirmed, and it may duplicate one
 * only as brokers do.
 *
 * @example The broker did it, the client was told it failed
 * ```ts
 * const { driver, faults } = faultyDriver(memory())
 * faults.next('send', 'after')
 * ```
 *
 * @example Everything at once, repeatable
 * ```ts
 * const { driver, faults } = faultyDriver(memory(), {
 *   seed,
 *   rates: { 'send.after': 0.02, 'settle.after': 0.02, 'receive.duplicate': 0.01, 'receive.die': 0.005, 'connect.fail': 0.3 },
 * })
 * ```
 */
export function faultyDriver(inner: Driver, plan: FaultPlan = {}): FaultyDriver {
  const script = new FaultScript(plan)
  const standing = new Set<FaultyConnection>()
  let blocked: string | undefined

  const driver = override(inner, {
    async connect(runtime, signal) {
      const strike = script.strike('connect', undefined, ['fail', 'hang'])
      if (strike !== undefined) script.note(runtime.now(), `connect.${strike.kind}`, undefined)
      if (strike?.kind === 'fail') throw strike.error
      const life = new Life(runtime, script)
      if (strike?.kind === 'hang') throw await life.hang(signal)
      const connection = faultyConnection(await inner.connect(runtime, signal), life)
      standing.add(connection)
      life.atEnd(() => standing.delete(connection))
      if (blocked !== undefined) connection.block(blocked)
      return connection.connection
    },
    describeError: (error) => (error instanceof InjectedFault ? error.facts : inner.describeError(error)),
  })

  return {
    driver,
    faults: {
      happened: script.happened,
      get waiting() {
        return script.waiting
      },
      next: (point, kind, options = {}) => script.add(point, kind, options),
      calm: () => script.calm(),
      disconnect(reason = 'disconnect') {
        for (const { life } of standing) {
          script.note(life.runtime.now(), 'disconnect', undefined)
          life.end(new InjectedFault(reason, { code: 'UNAVAILABLE', retryable: true, scope: 'connection' }))
        }
      },
      block(reason = 'block') {
        blocked = reason
        for (const connection of standing) connection.block(reason)
      },
      unblock() {
        blocked = undefined
        for (const connection of standing) connection.unblock()
      },
    },
  }
}
