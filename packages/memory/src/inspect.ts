import type { WireMessage } from '@anybroker/driver'
import type { Recording, Settled } from './engine/record.ts'
import type { Session } from './engine/session.ts'

/** What a test may want to know of a memory broker. See `inspect`. */
export interface MemoryInspector {
  /**
   * Resolves once nothing is ready or in hand in any queue or subscription of the namespace. Does not wait for the delayed, and
   * dead letters do not count. What nobody consumes is ready for ever: then this never resolves.
   */
  idle(): Promise<void>
  /**
   * What was stored for a queue or topic (`orders`), or sent to one subscription alone (`order-placed/billing`), oldest first; the
   * last 10,000 of the namespace. Duplicates that were not stored are left out.
   *
   * @throws TypeError Without `record: true`.
   */
  published(name: string): readonly WireMessage[]
  /**
   * How deliveries of a queue (`orders`) or subscription (`order-placed/billing`) ended, oldest first; the last 10,000 of the
   * namespace.
   *
   * @throws TypeError Without `record: true`.
   */
  settled(name: string): readonly Settled[]
  /** Ends the connection as if the broker had gone: what was in hand is delivered again, its attempt counted. */
  disconnect(reason?: string): void
}

/** `broker.native` of a memory broker. */
export class MemoryNative {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  static inspector(native: unknown): MemoryInspector {
    if (typeof native !== 'object' || native === null || !(#session in native)) {
      throw new TypeError('inspect: broker.native of a memory broker is wanted')
    }
    const session = native.#session
    return {
      idle: () => session.store.idle(session.namespace),
      published: (name) => recording(session).publishedTo(name),
      settled: (name) => recording(session).settledFrom(name),
      disconnect: (reason = 'the connection was ended by inspect') => session.die(reason),
    }
  }
}

/**
 * Looks into a memory broker, for tests.
 *
 * @param native `broker.native`: of the present connection. After a reconnect ask again.
 * @throws TypeError Where it is not that of a memory broker.
 *
 * @example Wait until everything was handled, then look
 * ```ts
 * const broker = await connect(memory({ record: true }))
 * await orders.send({ id: 1 })
 * await inspect(broker.native).idle()
 * expect(inspect(broker.native).settled('orders').map(({ as }) => as)).toEqual(['ack'])
 * ```
 */
export function inspect(native: unknown): MemoryInspector {
  return MemoryNative.inspector(native)
}

function recording({ namespace }: Session): Recording {
  if (namespace.record === undefined)
    throw new TypeError('inspect: what was published and settled is kept with record: true only')
  return namespace.record
}
